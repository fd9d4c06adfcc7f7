/** The visitor's choice; "auto" follows the system. */
export type Theme = "light" | "dark" | "auto";

const KEY = "theme";

export function asTheme(value: string | null | undefined): Theme {
  return value === "light" || value === "dark" ? value : "auto";
}

export function resolveTheme(theme: Theme, systemIsDark: boolean): "light" | "dark" {
  if (theme !== "auto") return theme;
  return systemIsDark ? "dark" : "light";
}

export function storedTheme(): Theme {
  try {
    return asTheme(localStorage.getItem(KEY));
  } catch {
    return "auto"; // storage is blocked
  }
}

export function storeTheme(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Storage is blocked: the choice lasts for this page.
  }
}

export function applyTheme(theme: Theme): void {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const resolved = resolveTheme(theme, dark);
  document.documentElement.dataset["bsTheme"] = resolved;
  document.documentElement.classList.toggle("dark-mode", resolved === "dark"); // the name that Swagger UI looks for
  document.documentElement.dataset["themeChoice"] = theme;
}
