/** The ways by which a photo comes in: chosen, dropped, pasted, or taken with the phone's camera. */

export interface Doors {
  /** What is outlined while a file is held over the page. */
  drop: HTMLElement;
  inputs: readonly HTMLInputElement[];
}

export function wireIntake({ drop, inputs }: Doors, take: (files: File[]) => void): void {
  const hover = (on: boolean): boolean => drop.classList.toggle("is-over", on);
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    hover(true);
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget === null && hover(false));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    hover(false);
    take([...(event.dataTransfer?.files ?? [])]);
  });
  document.addEventListener("paste", (event) => take([...(event.clipboardData?.files ?? [])]));
  for (const input of inputs) {
    input.addEventListener("change", () => {
      const files = [...(input.files ?? [])];
      input.value = ""; // so that the same file can be chosen again
      take(files);
    });
  }
}

/** Whether this device has a camera that a file input can open. */
export function hasCamera(): boolean {
  return "capture" in document.createElement("input") && matchMedia("(pointer: coarse)").matches;
}

/** A picture of this site as a file. Rejects when it cannot be had. */
export async function fetchFile(url: string, name: string): Promise<File> {
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const blob = await response.blob();
  return new File([blob], name, { type: blob.type });
}
