// The owner's result page: copies the link, and fills in the remix panel's numbers. Everything else works without scripts.
import { all, find, need, setText } from "./lib/dom";

function wireCopy(): void {
  for (const button of all("[data-copy]")) button.addEventListener("click", () => void copy(button));
}

async function copy(button: HTMLElement): Promise<void> {
  const field = need<HTMLInputElement | HTMLTextAreaElement>(`#${button.dataset["copy"]}`);
  field.select();
  const done = await navigator.clipboard.writeText(field.value).then(() => true, () => false);
  setText(find("[data-copied]"), done ? "Copied." : "The browser did not allow it. The text is selected: copy it with Ctrl + C.");
}

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

wireCopy();
const remix = find<HTMLFormElement>("[data-remix]");
if (remix) wireQuality(remix);
