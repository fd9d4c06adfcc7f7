/** Several cards at once: how many are selected is said aloud, Shift takes all between two, Escape lets all go. */
import { all, need, setText } from "../lib/dom";

export function wireSelection(bar: HTMLFormElement): void {
  const boxes = all<HTMLInputElement>("[data-pick]");
  let last = -1;
  const tell = (): void => setText(need("[data-bulk-count]", bar), sentence(boxes.filter((box) => box.checked).length));
  boxes.forEach((box, index) => {
    box.addEventListener("click", (event) => {
      if (event.shiftKey && last >= 0) check(between(boxes, last, index), box.checked);
      last = index;
      tell();
    });
  });
  const everything = need<HTMLButtonElement>("[data-bulk-all]", bar);
  everything.hidden = false;
  everything.addEventListener("click", () => {
    check(boxes, true);
    tell();
  });
  bar.addEventListener("reset", () => setTimeout(tell));
  document.addEventListener("keydown", (event) => event.key === "Escape" && !dialogIsOpen() && bar.reset());
  tell();
}

function check(boxes: HTMLInputElement[], checked: boolean): void {
  for (const box of boxes) box.checked = checked;
}

function between(boxes: HTMLInputElement[], one: number, other: number): HTMLInputElement[] {
  return boxes.slice(Math.min(one, other), Math.max(one, other) + 1);
}

function dialogIsOpen(): boolean {
  return document.querySelector("dialog[open], :popover-open") !== null;
}

function sentence(count: number): string {
  return count === 0 ? "Nothing selected" : `${count} selected`;
}
