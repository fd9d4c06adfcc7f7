// Sign-in with passkeys where the browser knows them, and what to say when it does not work. allauth's scripts do the rest.
import { all, setText } from "./dom";

const REASONS: Record<string, string> = {
  InvalidStateError: "This passkey is already registered.",
  NotAllowedError: "The passkey was not confirmed. Try again.",
  SecurityError: "Passkeys don't work at this address. Open the site at its own https address.",
};

/** The message for an error of the browser's WebAuthn functions. */
export function passkeyError(error: unknown): string {
  const name = error instanceof Error ? error.name : "";
  return REASONS[name] ?? "Your browser could not use a passkey.";
}

export function wirePasskeys(): void {
  if (!("PublicKeyCredential" in window)) return;
  for (const part of all("[data-passkey]")) part.hidden = false;
  document.addEventListener("allauth.error", (event) => {
    for (const place of all("[data-passkey-error]")) {
      setText(place, passkeyError((event as CustomEvent<{ exception: unknown }>).detail.exception));
      place.hidden = false;
    }
  });
}
