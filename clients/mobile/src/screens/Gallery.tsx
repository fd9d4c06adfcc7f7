/** The person's models, newest first. */
import { useCallback, useEffect, useState } from "react";
import { Pressable, Text, View } from "react-native";
import { type Api, type Job, Problem } from "../core/api.ts";
import { isActive } from "../core/follow.ts";
import { Button, Failure, Note, Title } from "../parts.tsx";
import { shapes, TARGET, useColors } from "../theme.ts";

interface Props {
  api: Api;
  onOpen: (id: string) => void;
  onNew: () => void;
  onSignOut: () => void;
}

export function Gallery({ api, onOpen, onNew, onSignOut }: Props) {
  const [jobs, setJobs] = useState<Job[] | null>(null);
  const [message, setMessage] = useState("");
  const refresh = useCallback(async () => {
    setMessage("");
    try {
      setJobs(await api.jobs());
    } catch (error) {
      if (error instanceof Problem && error.status === 401)
        onSignOut(); // the token has ended
      else setMessage(error instanceof Error ? error.message : "Something went wrong.");
    }
  }, [api, onSignOut]);
  useEffect(() => void refresh(), [refresh]);

  return (
    <View style={shapes.screen}>
      <Title>My models</Title>
      <Button label="New model" onPress={onNew} />
      {jobs?.length === 0 ? <Note>You haven't made a model yet.</Note> : null}
      {jobs?.map((job) => (
        <Card key={job.id} job={job} onOpen={onOpen} />
      ))}
      <Failure message={message} />
      <View style={shapes.row}>
        <Button label="Refresh" onPress={() => void refresh()} quiet />
        <Button label="Sign out" onPress={onSignOut} quiet />
      </View>
    </View>
  );
}

const STATES = { queued: "In the queue", running: "", succeeded: "Ready", failed: "Failed", cancelled: "Cancelled" };

function Card({ job, onOpen }: { job: Job; onOpen: (id: string) => void }) {
  const { ink, surface, line } = useColors();
  const state = isActive(job) && job.state === "running" ? `${Math.round(job.progress * 100)} %` : STATES[job.state];
  return (
    <Pressable
      role="button"
      onPress={() => onOpen(job.id)}
      style={[shapes.card, { minHeight: TARGET, backgroundColor: surface, borderColor: line }]}
    >
      <Text style={[shapes.text, { color: ink, fontWeight: "600" }]}>{job.title}</Text>
      <Note small>{state}</Note>
    </Pressable>
  );
}
