// The owner's result page: the remix panel's numbers. Everything on the page works without scripts too.
import { find } from "./lib/dom";

/** The quality's own numbers stand in the empty fields, so that one sees what “as the quality has it” means. */
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
