/** A system notification when a job ends while its page is in the background, if the visitor enabled it. */

function available(): boolean {
  return "Notification" in window && window.isSecureContext && Notification.permission !== "denied";
}

/** Shows the button where notifications are possible and not yet allowed. */
export function wireNotifyButton(button: HTMLButtonElement): void {
  button.hidden = !available() || Notification.permission === "granted";
  button.addEventListener("click", () => {
    void Notification.requestPermission().then(() => {
      button.hidden = true;
    });
  });
}

export function notifyEnd(message: string): void {
  if (!available() || Notification.permission !== "granted" || !document.hidden) return;
  try {
    new Notification("Reconsite", { body: message });
  } catch {
    // Some phones allow notifications from service workers only.
  }
}
