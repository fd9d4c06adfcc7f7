/** A notice of the system when a job ends while its page is in the background; only where the visitor asked for it. */

function available(): boolean {
  return "Notification" in window && window.isSecureContext && Notification.permission !== "denied";
}

/** Offers the button where notices are possible and not yet allowed. */
export function wireNotifyButton(button: HTMLButtonElement): void {
  button.hidden = !available() || Notification.permission === "granted";
  button.addEventListener("click", () => {
    void Notification.requestPermission().then(() => {
      button.hidden = true;
    });
  });
}

export function notifyEnd(sentence: string): void {
  if (!available() || Notification.permission !== "granted" || !document.hidden) return;
  try {
    new Notification("Reconsite", { body: sentence });
  } catch {
    // Some phones allow notices from service workers only.
  }
}
