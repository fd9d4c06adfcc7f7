/** System notifications when a job ends, if the visitor enabled them with the button: nothing else asks. */

function available(): boolean {
  return "Notification" in window && window.isSecureContext && Notification.permission !== "denied";
}

export function notificationsAllowed(): boolean {
  return available() && Notification.permission === "granted";
}

/** Shows the button where notifications are possible and not yet allowed. */
export function wireNotifyButton(button: HTMLButtonElement, onAllowed: () => void): void {
  button.hidden = !available() || Notification.permission === "granted";
  button.addEventListener("click", () => {
    void Notification.requestPermission().then((answer) => {
      button.hidden = true;
      if (answer === "granted") onAllowed();
    });
  });
}

/** Shows `message`; a click on it opens `page`. Phones allow notifications of service workers only. */
export async function notify(message: string, page: string): Promise<void> {
  if (!notificationsAllowed()) return;
  const registration = await navigator.serviceWorker?.getRegistration();
  const options = { body: message, tag: page, data: { page } };
  try {
    if (registration) await registration.showNotification("Reconsite", options);
    else new Notification("Reconsite", options);
  } catch {
    // The visitor has withdrawn the permission meanwhile.
  }
}
