/** A photo from the camera or the gallery, sent in parts; it continues after the app slept or was closed. */
import * as ImagePicker from "expo-image-picker";
import { useEffect, useRef, useState } from "react";
import { Image, View } from "react-native";
import { type Api, Problem } from "../core/api.ts";
import { type Photo, Stopped, sendPhoto } from "../core/upload.ts";
import { Bar, Button, Failure, Note, Title } from "../parts.tsx";
import { keepPhoto, keptPhoto } from "../platform/photo";
import { pause } from "../platform/wake.ts";
import { pendingUpload } from "../session.ts";
import { shapes } from "../theme.ts";

/** Small enough that a bad line gets one through, and that the bar moves. */
const PART_BYTES = 256 * 1024;

const OPTIONS: ImagePicker.ImagePickerOptions = { mediaTypes: ["images"], quality: 1, exif: false };

export function NewModel({ api, onCreated }: { api: Api; onCreated: (id: string) => void }) {
  const [photo, setPhoto] = useState<Photo | null>(null);
  const [sent, setSent] = useState<number | null>(null);
  const [waiting, setWaiting] = useState(false);
  const [message, setMessage] = useState("");
  const stopped = useRef(false);

  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the screen opens
  useEffect(() => {
    stopped.current = false;
    void resume();
    return () => {
      stopped.current = true;
    };
  }, []);

  /** An upload that was under way when the app was closed. */
  async function resume(): Promise<void> {
    const pending = await pendingUpload.load();
    const kept = pending && keptPhoto(pending.uri, pending.name);
    if (kept) await send(kept);
  }

  async function choose(open: (options: ImagePicker.ImagePickerOptions) => Promise<ImagePicker.ImagePickerResult>) {
    setMessage("");
    const result = await open(OPTIONS);
    const asset = result.assets?.[0];
    if (asset) setPhoto(await keepPhoto(asset.uri, asset.fileName ?? "photo.jpg"));
  }

  async function takePhoto(): Promise<void> {
    const { granted } = await ImagePicker.requestCameraPermissionsAsync();
    if (granted) await choose(ImagePicker.launchCameraAsync);
    else setMessage("The camera isn't allowed. Allow it in the phone's settings, or choose a photo.");
  }

  async function send(chosen: Photo): Promise<void> {
    setPhoto(chosen);
    setSent(0);
    try {
      const { limits } = await api.facts();
      const partBytes = Math.min(PART_BYTES, limits.upload_part_bytes);
      const isStopped = (): boolean => stopped.current;
      const options = { partBytes, onProgress: setSent, onWaiting: setWaiting, pause, isStopped };
      const upload = await sendPhoto(api, chosen, pendingUpload, options);
      const job = await api.createJob([upload], upload); // its id as the key: one job for one upload
      await pendingUpload.save(null);
      onCreated(job.id);
      return;
    } catch (error) {
      if (error instanceof Stopped) return;
      if (error instanceof Problem && error.status !== 0) await pendingUpload.save(null); // refused: not again
      setMessage(error instanceof Error ? error.message : "Something went wrong.");
    }
    setSent(null);
  }

  return (
    <View style={shapes.screen}>
      <Title>New model</Title>
      <Note>One object, fully in the frame, in even light.</Note>
      {photo ? (
        <Image
          source={{ uri: photo.uri }}
          alt="Your photo"
          aria-label="Your photo"
          style={{ height: 280 }}
          resizeMode="contain"
        />
      ) : null}
      {sent === null ? (
        <View style={{ gap: 12 }}>
          {photo ? <Button label="Create model" onPress={() => void send(photo)} /> : null}
          <Button label="Take a photo" onPress={() => void takePhoto()} quiet={photo !== null} />
          <Button label="Choose a photo" onPress={() => void choose(ImagePicker.launchImageLibraryAsync)} quiet />
        </View>
      ) : (
        <View style={{ gap: 8 }}>
          <Bar fraction={sent} label="Upload" />
          <Note>{waiting ? "Waiting for the network. The upload will continue." : progressText(sent)}</Note>
        </View>
      )}
      <Failure message={message} />
    </View>
  );
}

function progressText(sent: number): string {
  return sent < 1 ? `Uploading: ${Math.round(sent * 100)} %` : "Checking the photo…";
}
