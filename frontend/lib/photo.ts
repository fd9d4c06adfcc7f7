/** Checks on a chosen photo before it is sent; the server checks everything again. */
import { formatBytes } from "./format";

export interface Limits {
  maxBytes: number;
  /** Value of the file input's `accept`: media types and extensions, comma separated. */
  accept: string;
}

const NOT_A_PHOTO = "This isn't a photo we can read. Use a JPEG, PNG, WebP or HEIC file.";

type FileInfo = Pick<File, "name" | "type" | "size">;

/** Why `file` cannot be used, null if it can. */
export function photoProblem(file: FileInfo, limits: Limits): string | null {
  if (!isAccepted(file, limits.accept)) return NOT_A_PHOTO;
  if (file.size === 0) return "This file is empty. Choose another photo.";
  if (file.size > limits.maxBytes) {
    return `This photo is ${formatBytes(file.size)}; the limit is ${formatBytes(limits.maxBytes)}. Choose a smaller one.`;
  }
  return null;
}

export function isAccepted(file: FileInfo, accept: string): boolean {
  const rules = accept
    .split(",")
    .map((rule) => rule.trim().toLowerCase())
    .filter(Boolean);
  if (rules.length === 0) return true;
  return rules.some((rule) => matches(file, rule));
}

function matches(file: FileInfo, rule: string): boolean {
  if (rule.startsWith(".")) return file.name.toLowerCase().endsWith(rule);
  if (rule.endsWith("/*")) return file.type.startsWith(rule.slice(0, -1)) && file.type !== "image/svg+xml";
  return file.type === rule;
}
