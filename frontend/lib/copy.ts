/** Buttons that put the text of a field on the clipboard. */
import { all, need, setText } from "./dom";

const SHOWN_MS = 2000;

/** Wires every `<button data-copy="id of an input"><span>Copy</span></button>`. */
export function wireCopyButtons(): void {
  for (const button of all<HTMLButtonElement>("[data-copy]")) button.addEventListener("click", () => void copy(button));
}

async function copy(button: HTMLButtonElement): Promise<void> {
  const field = need<HTMLInputElement>(`#${button.dataset["copy"] ?? ""}`);
  field.select();
  const done = await write(field.value);
  say(button, done ? "Copied" : "Press Ctrl+C");
}

/** False where the browser has no clipboard for us: over plain http, or when the visitor forbids it. */
async function write(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

function say(button: HTMLButtonElement, text: string): void {
  const label = need("span", button);
  const before = label.textContent ?? "";
  setText(label, text);
  setTimeout(() => setText(label, before), SHOWN_MS);
}
