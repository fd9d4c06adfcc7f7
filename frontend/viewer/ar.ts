/** "View in your space" on phones that support it: Quick Look opens the USDZ (Apple), Scene Viewer the GLB (Android). */
import { find } from "../lib/dom";

export function wireAr(host: HTMLElement): void {
  const link = find<HTMLAnchorElement>("[data-viewer-ar]", host);
  if (!link) return;
  const url = arUrl(link);
  if (!url) return;
  link.href = url;
  link.hidden = false;
}

function arUrl({ dataset }: HTMLAnchorElement): string | null {
  if (dataset["usdz"] && document.createElement("a").relList.supports("ar")) return dataset["usdz"];
  if (dataset["glb"] && location.protocol === "https:" && /android/i.test(navigator.userAgent))
    return sceneViewerUrl(dataset["glb"], dataset["title"] ?? "");
  return null;
}

/**
 * Scene Viewer fetches the file itself, over HTTPS and without this page's cookies, so only public URLs are passed.
 * It is opened through the Google app, which shows the model in 3D on phones without AR.
 * Source: https://developers.google.com/ar/develop/scene-viewer
 */
function sceneViewerUrl(glb: string, title: string): string {
  const query = new URLSearchParams({ file: new URL(glb, location.href).href, mode: "ar_preferred", title });
  const fallback = encodeURIComponent(location.href);
  const extras = `package=com.google.android.googlequicksearchbox;action=android.intent.action.VIEW;S.browser_fallback_url=${fallback};end;`;
  return `intent://arvr.google.com/scene-viewer/1.0?${query}#Intent;scheme=https;${extras}`;
}
