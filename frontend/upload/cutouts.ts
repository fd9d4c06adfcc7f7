/** The cutout and the thumbnail of each chosen photo. */
import { ApiError } from "../../clients/typescript/src/client";
import { type Cut, type CutOptions, cutPhoto, emptyCut, isEdited } from "./cut";
import type { UploadItem } from "./items";
import { type CutState, cutOf } from "./stage";

/** Makes the state of a photo whose cutout failed. */
export type FailedState = (error: ApiError) => CutState | Promise<CutState>;

export class Cutouts {
  private readonly states = new Map<number, CutState>();
  private readonly urls = new Map<number, string>();

  /** `onChange` is called for each photo that got a new state, with its cutout if it is a new automatic one. */
  constructor(
    private readonly url: string,
    private readonly onChange: (item: UploadItem, cut: Cut | null) => void,
  ) {}

  state(id: number): CutState | null {
    return this.states.get(id) ?? null;
  }

  cut(id: number): Cut | null {
    return cutOf(this.state(id));
  }

  isEdited(id: number): boolean {
    const cut = this.cut(id);
    return cut !== null && isEdited(cut);
  }

  thumbnail(id: number): string | null {
    return this.urls.get(id) ?? null;
  }

  /** Shows a new file of the item. */
  setFile({ id, file }: UploadItem): void {
    this.setUrl(id, URL.createObjectURL(file));
  }

  remove(id: number): void {
    this.states.delete(id);
    this.setUrl(id, null);
  }

  /** Requests the automatic cutout of the item; `instead` makes the state after a failure. */
  async request(item: UploadItem, options: CutOptions, instead?: FailedState): Promise<void> {
    const waiting: CutState = { kind: "waiting" };
    this.states.set(item.id, waiting);
    const isWanted = (): boolean => this.states.get(item.id) === waiting; // not removed or requested again since
    const state = await cutPhoto(this.url, item.file, options, isWanted).then(
      (cut): CutState | null => cut && { kind: "ready", cut },
      (failure: unknown) => (instead ?? failedState(item.file))(asApiError(failure)),
    );
    if (!state || !isWanted()) return;
    this.states.set(item.id, state);
    if (state.kind === "ready") this.showThumbnail(item, state.cut);
    this.onChange(item, state.kind === "ready" ? state.cut : null);
  }

  /** Shows the photo as decoded by the server, since browsers may not decode it themselves (HEIC). */
  private showThumbnail(item: UploadItem, cut: Cut): void {
    cut.photo.toBlob(
      (blob) => {
        if (!blob || !this.urls.has(item.id)) return;
        this.setUrl(item.id, URL.createObjectURL(blob));
        this.onChange(item, null);
      },
      "image/webp",
      0.8,
    );
  }

  private setUrl(id: number, url: string | null): void {
    const old = this.urls.get(id);
    if (old) URL.revokeObjectURL(old);
    if (url) this.urls.set(id, url);
    else this.urls.delete(id);
  }
}

function failedState(file: File): FailedState {
  return async (error) => ({ kind: "failed", error, cut: await emptyCut(file) });
}

export function asApiError(failure: unknown): ApiError {
  if (failure instanceof ApiError) return failure;
  console.error(failure);
  return new ApiError(0, "Something went wrong in your browser. You can still send the photo as it is.");
}
