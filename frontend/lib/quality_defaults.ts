import { find } from "./dom";

/** Blank fields of `form` show what the chosen quality stands for; its numbers are in each radio button's `data-own`. */
export function wireQualityDefaults(form: HTMLFormElement): void {
  const show = (): void => {
    const chosen = find<HTMLInputElement>('input[name="quality"]:checked', form);
    const own = JSON.parse(chosen?.dataset["own"] ?? "{}") as Record<string, number>;
    for (const [name, value] of Object.entries(own)) showDefault(form, name, value);
  };
  form.addEventListener("change", show);
  show();
}

function showDefault(form: HTMLFormElement, name: string, value: number): void {
  const field = find<HTMLInputElement | HTMLSelectElement>(`[name="${name}"]`, form);
  if (field instanceof HTMLInputElement) field.placeholder = String(value);
  const blank = field instanceof HTMLSelectElement ? find<HTMLOptionElement>('option[value=""]', field) : null;
  if (blank) blank.textContent = `Default: ${value} × ${value} pixels`;
}
