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

function showPasskeyError(message: string): void {
  for (const place of all("[data-passkey-error]")) {
    setText(place, message);
    place.hidden = false;
  }
}

/** Before allauth's scripts listen, at the end of the document, a press would do nothing. */
function enableButtons(): void {
  for (const part of all("[data-passkey]")) part.hidden = false;
  for (const button of all<HTMLButtonElement>("[data-passkey-button]")) button.disabled = false;
}

export function wirePasskeys(): void {
  if (!("PublicKeyCredential" in window)) {
    showPasskeyError("Your browser can't use passkeys.");
    return;
  }
  document.addEventListener("DOMContentLoaded", enableButtons);
  document.addEventListener("allauth.error", (event) => {
    showPasskeyError(passkeyError((event as CustomEvent<{ exception: unknown }>).detail.exception));
  });
}
