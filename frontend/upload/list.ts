/** The strip of chosen photos, each with its side and buttons to move or remove it. */
import { icon, setText } from "../lib/dom";
import type { UploadItem } from "./items";

export interface ListActions {
  select: (id: number) => void;
  move: (id: number, by: -1 | 1) => void;
  remove: (id: number) => void;
  setSide: (id: number, side: string) => void;
}

type Sides = readonly (readonly [string, string])[];

/** Redraws the strip; `thumbnail` makes the image of an item. */
export function showList(
  list: HTMLElement,
  items: readonly UploadItem[],
  chosen: number | null,
  sides: Sides,
  actions: ListActions,
  thumbnail: (item: UploadItem) => HTMLElement,
): void {
  list.hidden = items.length === 0;
  const focused = (document.activeElement as HTMLElement | null)?.dataset["act"];
  list.replaceChildren(
    ...items.map((item, index) => listItem(item, index, items.length, chosen, sides, actions, thumbnail)),
  );
  if (focused) list.querySelector<HTMLElement>(`[data-act="${focused}"]`)?.focus();
}

function listItem(
  item: UploadItem,
  index: number,
  count: number,
  chosen: number | null,
  sides: Sides,
  actions: ListActions,
  thumbnail: (item: UploadItem) => HTMLElement,
): HTMLLIElement {
  const element = document.createElement("li");
  const name = `photo ${index + 1}`;
  const picture = button(`Show ${name}: ${item.file.name}`, `show-${item.id}`, () => actions.select(item.id));
  picture.className = "shot-picture checker";
  picture.setAttribute("aria-pressed", String(item.id === chosen));
  picture.append(thumbnail(item));
  const tools = document.createElement("div");
  tools.className = "shot-tools";
  if (count > 1) {
    const earlier = button(
      `Move ${name} forward`,
      `earlier-${item.id}`,
      () => actions.move(item.id, -1),
      icon("chevron-left"),
    );
    const later = button(
      `Move ${name} back`,
      `later-${item.id}`,
      () => actions.move(item.id, 1),
      icon("chevron-right"),
    );
    earlier.disabled = index === 0;
    later.disabled = index === count - 1;
    tools.append(earlier, later);
  }
  tools.append(button(`Remove ${name}`, `remove-${item.id}`, () => actions.remove(item.id), icon("x-lg")));
  element.append(picture, sideSelect(item, name, sides, actions), tools);
  return element;
}

function button(label: string, actionId: string, onClick: () => void, symbol?: Element): HTMLButtonElement {
  const element = document.createElement("button");
  element.type = "button";
  element.setAttribute("aria-label", label);
  element.dataset["act"] = actionId;
  element.addEventListener("click", onClick);
  if (symbol) element.append(symbol);
  return element;
}

function sideSelect(item: UploadItem, name: string, sides: Sides, actions: ListActions): HTMLSelectElement {
  const select = document.createElement("select");
  select.setAttribute("aria-label", `Side of ${name}`);
  select.dataset["act"] = `side-${item.id}`;
  for (const [value, label] of sides) {
    const option = document.createElement("option");
    option.value = value;
    option.selected = value === item.side;
    setText(option, label);
    select.append(option);
  }
  select.addEventListener("change", () => actions.setSide(item.id, select.value));
  return select;
}
