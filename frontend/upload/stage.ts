/** The selected photo, large: its cutout, advice on it, and its tools. */

import type { ApiError } from "../../clients/typescript/src/client";
import { paintEdit } from "../cutout/view";
import { find, icon, need, setText } from "../lib/dom";
import { type Cut, isEdited } from "./cut";

export type CutState =
  | { kind: "waiting" }
  | { kind: "ready"; cut: Cut }
  | { kind: "failed"; error: ApiError; cut: Cut | null };

export interface StageOptions {
  photoUrl: string | null;
  /** The visitor chooses the object in the picture. */
  picking: boolean;
  /** Why the last choice did not work, empty if it did. */
  problem: string;
  /** The visitor has chosen an object. */
  hasSubject: boolean;
}

/** Longer side of the drawn cutout in pixels. */
const STAGE_SIDE = 1024;
/** Opacity of the photo behind the cutout while the visitor chooses the object. */
const PICKING_OPACITY = 0.45;

export function showStage(section: HTMLElement, state: CutState | null, options: StageOptions): void {
  section.hidden = state === null;
  if (!state) return;
  const cut = cutOf(state);
  const picking = options.picking && canPick(state);
  const painted = state.kind === "ready" || picking || (cut !== null && isEdited(cut));
  showPicture(section, painted ? cut : null, options.photoUrl, picking);
  showPicking(section, state, picking, options.problem);
  need("[data-cut-wait]", section).hidden = state.kind !== "waiting";
  setText(find("[data-cut-status]", section), status(state));
  section.classList.toggle("is-failed", state.kind === "failed" && !(cut && isEdited(cut)));
  showAdvice(need("[data-cut-advice]", section), cut && !isEdited(cut) ? cut.messages : []);
  need<HTMLButtonElement>("[data-cut-edit]", section).disabled = cut === null;
  need("[data-cut-undo]", section).hidden = !(cut && (isEdited(cut) || options.hasSubject));
  need("[data-cut-again]", section).hidden = state.kind !== "failed";
}

/** The cutout of a photo, automatic or edited; null while there is none. */
export function cutOf(state: CutState | null | undefined): Cut | null {
  return !state || state.kind === "waiting" ? null : state.cut;
}

/** Whether the visitor can choose another object: not in an edited cutout, nor if the whole picture is used. */
function canPick(state: CutState): boolean {
  const cut = cutOf(state);
  return cut !== null && !isEdited(cut) && !cut.isWhole;
}

function showPicking(section: HTMLElement, state: CutState, picking: boolean, problem: string): void {
  const button = need("[data-cut-pick]", section);
  button.hidden = !canPick(state) && state.kind !== "waiting"; // a button that disappears for a moment loses the focus
  button.setAttribute("aria-pressed", String(picking));
  need("[data-cut-pick-hint]", section).hidden = !picking;
  setText(find("[data-cut-pick-problem]", section), picking ? problem : "");
}

function showPicture(section: HTMLElement, cut: Cut | null, photoUrl: string | null, picking: boolean): void {
  const canvas = need<HTMLCanvasElement>("[data-cut-picture]", section);
  const photo = need<HTMLImageElement>("[data-cut-photo]", section);
  canvas.hidden = cut === null;
  photo.hidden = cut !== null || photoUrl === null;
  const label = picking ? canvas.dataset["pickLabel"] : canvas.dataset["label"];
  canvas.setAttribute("aria-label", label ?? "");
  if (cut) paintEdit(canvas, cut.photo, cut.edit, STAGE_SIDE, picking ? PICKING_OPACITY : 0);
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
