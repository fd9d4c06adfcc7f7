// Lists of cards: turntable previews on hover, filters that apply when chosen, bulk selection.

import { wireSelection } from "./gallery/selection";
import { wireTurning } from "./gallery/turning";
import { all, find, reducedMotion } from "./lib/dom";

function wireFilters(form: HTMLFormElement): void {
  for (const select of all<HTMLSelectElement>("select", form)) {
    select.addEventListener("change", () => form.requestSubmit());
  }
}

const filters = find<HTMLFormElement>("[data-filters]");
if (filters) wireFilters(filters);
const bulk = find<HTMLFormElement>("[data-bulk]");
if (bulk) wireSelection(bulk);
if (!reducedMotion()) wireTurning(all("[data-card]"));
