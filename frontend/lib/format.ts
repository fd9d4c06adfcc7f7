/** Numbers, durations and dates for display. */

/** `1536` → `1.5 KB`. Decimal units as in file managers. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value >= 10 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `75` → `1 min 15 s`. Negative durations count as zero. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** A short date, without the year if it is this year. In the visitor's language unless one is given. */
export function formatDay(day: Date, now: Date = new Date(), language?: string): string {
  const options = { day: "numeric", month: "short" } as const;
  const year = day.getFullYear() === now.getFullYear() ? {} : ({ year: "numeric" } as const);
  return new Intl.DateTimeFormat(language, { ...options, ...year }).format(day);
}

export function formatPercent(fraction: number): string {
  return `${Math.round(100 * Math.min(Math.max(fraction, 0), 1))}%`;
}

/** Seconds from `from` to `to` (ISO times; `to` defaults to now); null where `from` is unknown. */
export function secondsBetween(from: string | null, to: string | null, now: number = Date.now()): number | null {
  if (!from) return null;
  const end = to ? Date.parse(to) : now;
  return Math.max(0, (end - Date.parse(from)) / 1000);
}
