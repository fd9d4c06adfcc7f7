/** The chosen photo, large: its cutout, what the server advises, and what can be done about it. */

import { paintEdit } from "../cutout/view";
import { find, icon, need, setText } from "../lib/dom";
import { type Cut, isEdited } from "./cut";

export type CutState =
  | { kind: "waiting" }
  | { kind: "ready"; cut: Cut }
  | { kind: "failed"; sentence: string; cut: Cut | null };

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
  showAdvice(need("[data-cut-advice]", section), cut && !isEdited(cut) ? cut.sentences : []);
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
  if (state.cut && isEdited(state.cut)) return "Your own cutout: this is what is sent.";
  if (state.kind === "failed") return state.sentence;
  const { cut } = state;
  return `${cut.own ? "The picture’s own transparency is used as it is" : "The object as the server cuts it out"}${reduced(cut)}.`;
}

/** What is cut is a smaller copy of a large photo; nothing to say of one that is as large as it came. */
function reduced({ size, originalSize }: Cut): string {
  const same = size[0] === originalSize[0] && size[1] === originalSize[1];
  return same ? "" : ` (shown at ${size.join(" × ")} of ${originalSize.join(" × ")} pixels)`;
}

function showAdvice(list: HTMLElement, sentences: readonly string[]): void {
  const items = sentences.map((sentence) => {
    const item = document.createElement("li");
    item.append(icon("lightbulb"), sentence);
    return item;
  });
  list.replaceChildren(...items);
}
