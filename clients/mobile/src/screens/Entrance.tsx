/** Sign-up and sign-in, on the server whose address the person enters. */
import { useEffect, useState } from "react";
import { View } from "react-native";
import { Api, Problem } from "../core/api.ts";
import { Button, Failure, Field, Note, Title } from "../parts.tsx";
import { keepSession, lastServer } from "../session.ts";
import { shapes } from "../theme.ts";

export function Entrance({ onSignedIn }: { onSignedIn: (api: Api) => void }) {
  const [isNew, setNew] = useState(true);
  const [server, setServer] = useState("https://");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [asksForCode, setAsksForCode] = useState(false);
  const [message, setMessage] = useState("");
  const [busy, setBusy] = useState(false);

  useEffect(() => void lastServer().then((known) => known && setServer(known)), []);

  async function enter(): Promise<void> {
    setBusy(true);
    setMessage("");
    try {
      const api = new Api(server.trim());
      if (isNew && (await api.signUp(email.trim(), password)).confirmation_required) {
        setNew(false);
        setMessage("Check your email and confirm your address. Then sign in.");
        return;
      }
      await api.signIn(email.trim(), password, code.trim());
      await keepSession(api);
      onSignedIn(api);
    } catch (error) {
      if (error instanceof Problem && error.code === "second_factor_required") setAsksForCode(true);
      setMessage(error instanceof Error ? error.message : "Something went wrong.");
    } finally {
      setBusy(false);
    }
  }

  return (
    <View style={shapes.screen}>
      <Title>{isNew ? "Create an account" : "Sign in"}</Title>
      <Note>From one photo of an object, Reconsite makes a 3D model.</Note>
      <Field label="Server" value={server} onChangeText={setServer} inputMode="url" />
      <Field label="Email" value={email} onChangeText={setEmail} inputMode="email" autoComplete="email" />
      <Field
        label="Password"
        value={password}
        onChangeText={setPassword}
        secureTextEntry
        autoComplete={isNew ? "new-password" : "current-password"}
      />
      {asksForCode ? (
        <Field label="Code" value={code} onChangeText={setCode} inputMode="numeric" autoComplete="one-time-code" />
      ) : null}
      <Failure message={message} />
      <Button label={isNew ? "Sign up" : "Sign in"} onPress={() => void enter()} disabled={busy} />
      <Button
        label={isNew ? "I already have an account" : "Create an account instead"}
        onPress={() => setNew(!isNew)}
        quiet
      />
    </View>
  );
}
