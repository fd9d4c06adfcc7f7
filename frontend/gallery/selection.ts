/** Bulk selection of cards: the count is announced, Shift selects a range, Escape clears the selection. */
import { all, need, setText } from "../lib/dom";

export function wireSelection(bar: HTMLFormElement): void {
  const boxes = all<HTMLInputElement>("[data-pick]");
  let last = -1;
  const announce = (): void =>
    setText(need("[data-bulk-count]", bar), countMessage(boxes.filter((box) => box.checked).length));
  boxes.forEach((box, index) => {
    box.addEventListener("click", (event) => {
      if (event.shiftKey && last >= 0) check(between(boxes, last, index), box.checked);
      last = index;
      announce();
    });
  });
  const selectAll = need<HTMLButtonElement>("[data-bulk-all]", bar);
  selectAll.hidden = false;
  selectAll.addEventListener("click", () => {
    check(boxes, true);
    announce();
  });
  bar.addEventListener("reset", () => setTimeout(announce));
  document.addEventListener("keydown", (event) => event.key === "Escape" && !dialogIsOpen() && bar.reset());
  announce();
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

function countMessage(count: number): string {
  return count === 0 ? "None selected" : `${count} selected`;
}
