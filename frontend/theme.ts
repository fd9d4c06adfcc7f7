// Sets the colour theme before the first paint; base.ts lets the visitor change it.
import { applyTheme, storedTheme } from "./lib/theme";

applyTheme(storedTheme());
