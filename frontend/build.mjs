// Bundles the islands and the style sheet into static/dist; `--watch` rebuilds on change, `--tests` bundles lib/*.test.ts.
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const dist = path.join(root, "static/dist");
const testOut = path.join(root, "var/frontend-tests");
const watching = process.argv.includes("--watch");

const common = {
  absWorkingDir: root,
  bundle: true,
  minify: !watching,
  target: ["es2022", "safari16"],
  legalComments: "linked",
  logLevel: "warning",
};
const islands = {
  ...common,
  entryPoints: ["base", "home", "entrance", "upload", "progress", "viewer", "result", "gallery", "versions"].map(
    (name) => `frontend/${name}.ts`,
  ),
  format: "esm",
  splitting: true, // shared and lazily loaded code becomes chunks of its own
  chunkNames: "chunk-[hash]",
  outdir: dist,
  metafile: true,
  plugins: [{ name: "chunks", setup: (build) => build.onEnd(writeChunks) }],
};
// Runs before the first paint, as a classic script in <head>.
const theme = { ...common, entryPoints: ["frontend/theme.ts"], format: "iife", outdir: dist };
// Served from the root of the site, after the constant that jobs/pages/install.py writes before it.
const serviceWorker = { ...common, entryPoints: ["frontend/service_worker.ts"], format: "iife", outdir: dist };
const styles = { ...common, entryPoints: ["frontend/styles/base.css", "frontend/styles/admin.css"], outdir: dist };

async function sources(folder, ending) {
  const entries = await readdir(path.join(root, folder), { recursive: true });
  return entries.filter((name) => name.endsWith(ending)).map((name) => path.join(root, folder, name));
}

/** Names of the icons that templates (`partials/icon.html with name="x"`) and scripts (`icon("x")`) use. */
async function usedIcons() {
  const files = [...(await sources("templates", ".html")), ...(await sources("frontend", ".ts"))];
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
  const names = texts.flatMap((text) =>
    [...text.matchAll(/icon\.html" with name="([a-z0-9-]+)"|\bicon\("([a-z0-9-]+)"/g)].map((m) => m[1] ?? m[2]),
  );
  return [...new Set(names)].sort();
}

async function iconSymbol(name) {
  const svg = await readFile(path.join(root, "node_modules/bootstrap-icons/icons", `${name}.svg`), "utf8");
  const inner = svg.slice(svg.indexOf(">") + 1, svg.lastIndexOf("</svg>")).trim();
  return `<symbol id="${name}" viewBox="0 0 16 16">${inner.replace(/\s*\n\s*/g, "")}</symbol>`;
}

async function writeIcons() {
  const symbols = await Promise.all((await usedIcons()).map(iconSymbol));
  const sprite = `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("\n")}</svg>\n`;
  await writeFile(path.join(dist, "icons.svg"), sprite);
}

/** Writes the static imports of each island to chunks.json, so pages can preload them. */
async function writeChunks({ metafile }) {
  if (!metafile) return;
  const outputs = Object.entries(metafile.outputs);
  const reached = (file, found = new Set()) => {
    for (const { path: next, kind } of metafile.outputs[file].imports)
      if (kind === "import-statement" && !found.has(next)) reached(next, found.add(next));
    return found;
  };
  const entries = outputs.filter(([file, { entryPoint }]) => entryPoint && !path.basename(file).startsWith("chunk-"));
  const chunks = entries.map(([file]) => [
    path.basename(file, ".js"),
    [...reached(file)].map((name) => path.basename(name)),
  ]);
  await writeFile(path.join(dist, "chunks.json"), JSON.stringify(Object.fromEntries(chunks)));
}

async function buildTests() {
  await rm(testOut, { recursive: true, force: true });
  const folders = ["frontend", "clients/typescript/src"];
  const entryPoints = (await Promise.all(folders.map((folder) => sources(folder, ".test.ts")))).flat();
  const options = {
    minify: false,
    platform: "node",
    target: "node20",
    format: "esm",
    outdir: testOut,
    entryNames: "[name]",
  };
  await esbuild.build({ ...common, ...options, entryPoints });
}

/** Chunk names are content hashes, so those of earlier builds would never be overwritten. */
async function removeChunks() {
  const old = (await readdir(dist)).filter((name) => name.startsWith("chunk-"));
  await Promise.all(old.map((name) => rm(path.join(dist, name), { force: true })));
}

async function buildSite() {
  await mkdir(dist, { recursive: true });
  await removeChunks();
  await writeIcons();
  if (!watching) return Promise.all([islands, theme, serviceWorker, styles].map((options) => esbuild.build(options)));
  const contexts = await Promise.all(
    [islands, theme, serviceWorker, styles].map((options) => esbuild.context(options)),
  );
  return Promise.all(contexts.map((context) => context.watch()));
}

await (process.argv.includes("--tests") ? buildTests() : buildSite());
