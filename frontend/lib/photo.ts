/** Checks on a chosen photo before it is sent; the server checks everything again. */
import { formatBytes } from "./format";

export interface Limits {
  maxBytes: number;
  /** Value of the file input's `accept`: media types and endings, comma separated. */
  accept: string;
}

const NOT_A_PHOTO = "This is not a photo that can be read. Use a JPEG, PNG, WebP or HEIC file.";

type FileFacts = Pick<File, "name" | "type" | "size">;

/** The sentence that says why `file` cannot be used, or null when it can. */
export function photoProblem(file: FileFacts, limits: Limits): string | null {
  if (!isAccepted(file, limits.accept)) return NOT_A_PHOTO;
  if (file.size === 0) return "The file is empty. Choose the photo again.";
  if (file.size > limits.maxBytes) {
    return `The photo has ${formatBytes(file.size)}; at most ${formatBytes(limits.maxBytes)} can be sent. Make it smaller first.`;
  }
  return null;
}

export function isAccepted(file: FileFacts, accept: string): boolean {
  const rules = accept
    .split(",")
    .map((rule) => rule.trim().toLowerCase())
    .filter(Boolean);
  if (rules.length === 0) return true;
  return rules.some((rule) => matches(file, rule));
}

function matches(file: FileFacts, rule: string): boolean {
  if (rule.startsWith(".")) return file.name.toLowerCase().endsWith(rule);
  if (rule.endsWith("/*")) return file.type.startsWith(rule.slice(0, -1)) && file.type !== "image/svg+xml";
  return file.type === rule;
}
