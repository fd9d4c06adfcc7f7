// The owner's result page: placeholders of the remix form. Everything on the page works without scripts too.
import { find } from "./lib/dom";

/** Blank fields show the chosen quality's defaults as placeholders. */
function wireQuality(form: HTMLFormElement): void {
  const show = (): void => {
    const chosen = find<HTMLInputElement>('input[name="quality"]:checked', form);
    const own = JSON.parse(chosen?.dataset["own"] ?? "{}") as Record<string, number>;
    for (const [name, value] of Object.entries(own)) {
      const field = find<HTMLInputElement>(`input[name="${name}"]`, form);
      if (field) field.placeholder = String(value);
    }
  };
  form.addEventListener("change", show);
  show();
}

const remix = find<HTMLFormElement>("[data-remix]");
if (remix) wireQuality(remix);
