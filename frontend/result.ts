// The owner's result page: placeholders of the remix form. Everything on the page works without scripts too.
import { find } from "./lib/dom";
import { wireQualityDefaults } from "./lib/quality_defaults";

const remix = find<HTMLFormElement>("[data-remix]");
if (remix) wireQualityDefaults(remix);
