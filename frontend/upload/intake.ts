/** How photos come in: chosen, dropped, pasted, or taken with the phone's camera. */

export interface IntakeElements {
  /** Highlighted while a file is dragged over the page. */
  drop: HTMLElement;
  inputs: readonly HTMLInputElement[];
}

export function wireIntake({ drop, inputs }: IntakeElements, onFiles: (files: File[]) => void): void {
  const setHover = (on: boolean): boolean => drop.classList.toggle("is-over", on);
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    setHover(true);
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget === null && setHover(false));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    setHover(false);
    onFiles([...(event.dataTransfer?.files ?? [])]);
  });
  document.addEventListener("paste", (event) => onFiles([...(event.clipboardData?.files ?? [])]));
  for (const input of inputs) {
    input.addEventListener("change", () => {
      const files = [...(input.files ?? [])];
      input.value = ""; // so the same file can be chosen again
      onFiles(files);
    });
  }
}

/** Whether this device has a camera that a file input can open. */
export function hasCamera(): boolean {
  return "capture" in document.createElement("input") && matchMedia("(pointer: coarse)").matches;
}

/** An image of this site as a file. Rejects if it cannot be loaded. */
export async function fetchFile(url: string, name: string): Promise<File> {
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`${url} returned ${response.status}`);
  const blob = await response.blob();
  return new File([blob], name, { type: blob.type });
}
