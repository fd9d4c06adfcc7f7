/** A pause that ends early when the app comes back to the foreground: then the network is usually there again. */
import { AppState } from "react-native";

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      woken.remove();
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    const woken = AppState.addEventListener("change", (state) => state === "active" && end());
  });
}
