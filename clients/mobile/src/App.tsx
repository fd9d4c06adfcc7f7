/** Which screen is shown: the entrance until there is a session, then the gallery, a new model, or one model. */
import { StatusBar } from "expo-status-bar";
import { useCallback, useEffect, useState } from "react";
import { SafeAreaView, ScrollView } from "react-native";
import type { Api } from "./core/api.ts";
import { Entrance } from "./screens/Entrance.tsx";
import { Gallery } from "./screens/Gallery.tsx";
import { Model } from "./screens/Model.tsx";
import { NewModel } from "./screens/NewModel.tsx";
import { endSession, pendingUpload, restoreSession } from "./session.ts";
import { useColors } from "./theme.ts";

type Place = { name: "gallery" } | { name: "new" } | { name: "model"; id: string };

const GALLERY: Place = { name: "gallery" };
const NEW: Place = { name: "new" };

export function App() {
  const { background } = useColors();
  const [api, setApi] = useState<Api | null | undefined>(undefined);
  const [place, setPlace] = useState<Place>(GALLERY);

  useEffect(() => {
    void restoreSession().then(setApi);
    void pendingUpload.load().then((pending) => pending && setPlace(NEW));
  }, []);
  const signOut = useCallback(() => {
    if (api) void endSession(api);
    setApi(null);
    setPlace(GALLERY);
  }, [api]);

  function screen() {
    if (api === undefined) return null; // for the moment in which the session is read
    if (api === null) return <Entrance onSignedIn={setApi} />;
    const open = (id: string): void => setPlace({ name: "model", id });
    if (place.name === "new") return <NewModel api={api} onCreated={open} />;
    if (place.name === "model")
      return <Model key={place.id} api={api} id={place.id} onBack={() => setPlace(GALLERY)} />;
    return <Gallery api={api} onOpen={open} onNew={() => setPlace(NEW)} onSignOut={signOut} />;
  }

  return (
    <SafeAreaView style={{ flex: 1, backgroundColor: background }}>
      <StatusBar style="auto" />
      <ScrollView keyboardShouldPersistTaps="handled">{screen()}</ScrollView>
    </SafeAreaView>
  );
}
