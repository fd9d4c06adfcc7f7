/** One job: its stages while it runs, then the model to turn, open and share. */
import { useCallback, useEffect, useState } from "react";
import { Linking, Platform, Share, View } from "react-native";
import { type Api, type Job, Problem } from "../core/api.ts";
import { follow, isActive, type Socket } from "../core/follow.ts";
import { Bar, Button, Failure, Note, Title } from "../parts.tsx";
import { Turntable } from "../Turntable.tsx";
import { shapes } from "../theme.ts";

const WORLD = {
  open: (url: string) => new WebSocket(url) as unknown as Socket,
  later: (milliseconds: number, call: () => void) => {
    const timer = setTimeout(call, milliseconds);
    return () => clearTimeout(timer);
  },
};

export function Model({ api, id, onBack }: { api: Api; id: string; onBack: () => void }) {
  const [job, setJob] = useState<Job | null>(null);
  const [stages, setStages] = useState<{ name: string; title: string }[]>([]);
  const [message, setMessage] = useState("");

  useEffect(() => follow(api, id, setJob, WORLD), [api, id]);
  useEffect(
    () =>
      void api.facts().then(
        (facts) => setStages(facts.stages),
        () => undefined,
      ),
    [api],
  );

  const run = useCallback((action: () => Promise<unknown>): void => {
    setMessage("");
    action().catch((error: unknown) => setMessage(error instanceof Problem ? error.message : "Something went wrong."));
  }, []);

  async function remove(): Promise<void> {
    await api.remove(id);
    onBack();
  }

  if (!job) return <View style={shapes.screen}>{<Note>Loading…</Note>}</View>;
  return (
    <View style={shapes.screen}>
      <Title>{job.title}</Title>
      {isActive(job) ? <Progress job={job} stages={stages} /> : null}
      {job.state === "failed" ? <Failure message={job.failure?.message ?? "Something went wrong."} /> : null}
      {job.state === "cancelled" ? <Note>Cancelled.</Note> : null}
      {job.state === "succeeded" ? <Result api={api} job={job} onAction={run} /> : null}
      <Failure message={message} />
      {isActive(job) ? <Button label="Cancel" onPress={() => run(() => api.cancel(id).then(setJob))} quiet /> : null}
      <Button label="My models" onPress={onBack} quiet />
      {isActive(job) ? null : <Button label="Delete" onPress={() => run(remove)} quiet />}
    </View>
  );
}

function Progress({ job, stages }: { job: Job; stages: { name: string; title: string }[] }) {
  const stage = stages.find(({ name }) => name === job.stage)?.title;
  const left = job.eta_seconds === null ? "" : ` About ${Math.max(1, Math.round(job.eta_seconds))} s left.`;
  return (
    <View style={{ gap: 8 }} aria-live="polite">
      <Bar fraction={job.progress} label="Overall progress" />
      <Note>{job.state === "queued" ? `In the queue.${left}` : `${stage ?? "Working on it"}.${left}`}</Note>
    </View>
  );
}

function Result({ api, job, onAction }: { api: Api; job: Job; onAction: (action: () => Promise<unknown>) => void }) {
  const [links, setLinks] = useState<Record<string, string> | null>(null);
  const [shared, setShared] = useState("");
  useEffect(() => onAction(() => api.links(job.id).then(setLinks)), [api, job.id, onAction]);

  /** In AR with the system's own viewer; elsewhere the file. New links, because they last 15 minutes. */
  async function open(): Promise<void> {
    const files = await api.links(job.id);
    const model = (Platform.OS === "ios" && files["mesh.usdz"]) || files["mesh.glb"];
    if (model) await Linking.openURL(Platform.OS === "android" ? sceneViewer(model) : model);
  }

  async function share(): Promise<void> {
    const url = await api.share(job.id);
    setShared(url);
    await Share.share(Platform.OS === "ios" ? { url } : { message: url }).catch(() => undefined); // the link is shown
  }

  return (
    <View style={{ gap: 12 }}>
      {links ? <Turntable links={links} title={job.title} /> : null}
      <Button label="Open in 3D" onPress={() => onAction(open)} />
      <Button label="Share" onPress={() => onAction(share)} quiet />
      {shared ? <Note>{`Anyone with this link can view the model: ${shared}`}</Note> : null}
    </View>
  );
}

/** Google's viewer, which is part of Android and shows a GLB in AR. */
function sceneViewer(model: string): string {
  const scheme = model.startsWith("https") ? "https" : "http";
  const target = `arvr.google.com/scene-viewer/1.0?file=${encodeURIComponent(model)}&mode=ar_preferred`;
  return `intent://${target}#Intent;scheme=${scheme};package=com.google.ar.core;action=android.intent.action.VIEW;end;`;
}
