/** The selected photo, large: its cutout, advice on it, and its tools. */

import { paintEdit } from "../cutout/view";
import { find, icon, need, setText } from "../lib/dom";
import type { ApiError } from "../lib/http";
import { type Cut, isEdited } from "./cut";

export type CutState =
  | { kind: "waiting" }
  | { kind: "ready"; cut: Cut }
  | { kind: "failed"; error: ApiError; cut: Cut | null };

/** Longer side of the drawn cutout in pixels. */
const STAGE_SIDE = 1024;

export function showStage(section: HTMLElement, state: CutState | null, photoUrl: string | null): void {
  section.hidden = state === null;
  if (!state) return;
  const cut = state.kind === "waiting" ? null : state.cut;
  const painted = state.kind === "ready" || (cut !== null && isEdited(cut));
  showPicture(section, painted ? cut : null, photoUrl);
  need("[data-cut-wait]", section).hidden = state.kind !== "waiting";
  setText(find("[data-cut-status]", section), status(state));
  section.classList.toggle("is-failed", state.kind === "failed" && !painted);
  showAdvice(need("[data-cut-advice]", section), cut && !isEdited(cut) ? cut.messages : []);
  need<HTMLButtonElement>("[data-cut-edit]", section).disabled = cut === null;
  need("[data-cut-undo]", section).hidden = !(cut && isEdited(cut));
  need("[data-cut-again]", section).hidden = state.kind !== "failed";
}

function showPicture(section: HTMLElement, cut: Cut | null, photoUrl: string | null): void {
  const canvas = need<HTMLCanvasElement>("[data-cut-picture]", section);
  const photo = need<HTMLImageElement>("[data-cut-photo]", section);
  canvas.hidden = cut === null;
  photo.hidden = cut !== null || photoUrl === null;
  if (cut) paintEdit(canvas, cut.photo, cut.edit, STAGE_SIDE);
  else if (photoUrl) photo.src = photoUrl;
}

function status(state: CutState): string {
  if (state.kind === "waiting") return "";
  if (state.cut && isEdited(state.cut)) return "This is your edited cutout.";
  if (state.kind === "failed") return state.error.message;
  const { cut } = state;
  return `${cut.usesTransparency ? "Using the transparency in your picture" : "This is what we'll use"}${sizeNote(cut)}.`;
}

/** Large photos are cut out at a smaller size; empty if the photo kept its size. */
function sizeNote({ size, originalSize }: Cut): string {
  const same = size[0] === originalSize[0] && size[1] === originalSize[1];
  return same ? "" : ` (shown at ${size.join(" × ")} of ${originalSize.join(" × ")} pixels)`;
}

function showAdvice(list: HTMLElement, messages: readonly string[]): void {
  const items = messages.map((message) => {
    const item = document.createElement("li");
    item.append(icon("lightbulb"), message);
    return item;
  });
  list.replaceChildren(...items);
}
