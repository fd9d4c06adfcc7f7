/** The strip of chosen photos: each with its side, and buttons to move or remove it. */
import { icon, setText } from "../lib/dom";
import type { Shot } from "./shots";

export interface ListActs {
  select: (id: number) => void;
  move: (id: number, by: -1 | 1) => void;
  remove: (id: number) => void;
  side: (id: number, side: string) => void;
}

type Sides = readonly (readonly [string, string])[];

/** Draws the strip anew; `paint` fills the little picture of a shot. */
export function showList(
  list: HTMLElement,
  shots: readonly Shot[],
  chosen: number | null,
  sides: Sides,
  acts: ListActs,
  paint: (shot: Shot) => HTMLElement,
): void {
  list.hidden = shots.length === 0;
  const focused = (document.activeElement as HTMLElement | null)?.dataset["act"];
  list.replaceChildren(...shots.map((shot, index) => item(shot, index, shots.length, chosen, sides, acts, paint)));
  if (focused) list.querySelector<HTMLElement>(`[data-act="${focused}"]`)?.focus();
}

function item(
  shot: Shot,
  index: number,
  count: number,
  chosen: number | null,
  sides: Sides,
  acts: ListActs,
  paint: (shot: Shot) => HTMLElement,
): HTMLLIElement {
  const element = document.createElement("li");
  const name = `photo ${index + 1}`;
  const picture = button(`Show ${name}: ${shot.file.name}`, `show-${shot.id}`, () => acts.select(shot.id));
  picture.className = "shot-picture checker";
  picture.setAttribute("aria-pressed", String(shot.id === chosen));
  picture.append(paint(shot));
  const tools = document.createElement("div");
  tools.className = "shot-tools";
  if (count > 1) {
    const earlier = button(
      `Move ${name} forward`,
      `earlier-${shot.id}`,
      () => acts.move(shot.id, -1),
      icon("chevron-left"),
    );
    const later = button(`Move ${name} back`, `later-${shot.id}`, () => acts.move(shot.id, 1), icon("chevron-right"));
    earlier.disabled = index === 0;
    later.disabled = index === count - 1;
    tools.append(earlier, later);
  }
  tools.append(button(`Remove ${name}`, `remove-${shot.id}`, () => acts.remove(shot.id), icon("x-lg")));
  element.append(picture, sideSelect(shot, name, sides, acts), tools);
  return element;
}

function button(label: string, act: string, onClick: () => void, mark?: Element): HTMLButtonElement {
  const element = document.createElement("button");
  element.type = "button";
  element.setAttribute("aria-label", label);
  element.dataset["act"] = act;
  element.addEventListener("click", onClick);
  if (mark) element.append(mark);
  return element;
}

function sideSelect(shot: Shot, name: string, sides: Sides, acts: ListActs): HTMLSelectElement {
  const select = document.createElement("select");
  select.setAttribute("aria-label", `Side of ${name}`);
  select.dataset["act"] = `side-${shot.id}`;
  for (const [value, label] of sides) {
    const option = document.createElement("option");
    option.value = value;
    option.selected = value === shot.side;
    setText(option, label);
    select.append(option);
  }
  select.addEventListener("change", () => acts.side(shot.id, select.value));
  return select;
}
