/** Buttons that copy the text of a field. */
import { need, setText } from "./dom";

/** How long the button says that it worked. */
const SHOWN_MS = 2000;

/** Wires every `<button data-copy="id of an input"><span>Copy</span></button>`. */
export function wireCopyButtons(): void {
  document.addEventListener("click", ({ target }) => {
    const button = (target as Element).closest<HTMLButtonElement>("[data-copy]");
    if (button) void copy(button);
  });
}

async function copy(button: HTMLButtonElement): Promise<void> {
  const field = need<HTMLInputElement>(`#${button.dataset["copy"] ?? ""}`);
  field.select();
  const copied = await copyText(field.value);
  showLabel(button, copied ? "Copied" : "Press Ctrl+C");
}

/** False without access to the clipboard: over plain http, or when the visitor denies it. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

function showLabel(button: HTMLButtonElement, text: string): void {
  const label = need("span", button);
  const before = label.textContent ?? "";
  setText(label, text);
  setTimeout(() => setText(label, before), SHOWN_MS);
}
