/** "View in your room" on phones that can: Quick Look takes the USDZ (Apple), Scene Viewer the GLB (Android). */
import { find } from "../lib/dom";

export function wireAr(host: HTMLElement): void {
  const link = find<HTMLAnchorElement>("[data-viewer-ar]", host);
  if (!link) return;
  const address = arAddress(link);
  if (!address) return;
  link.href = address;
  link.hidden = false;
}

function arAddress({ dataset }: HTMLAnchorElement): string | null {
  if (dataset["usdz"] && document.createElement("a").relList.supports("ar")) return dataset["usdz"];
  if (dataset["glb"] && /android/i.test(navigator.userAgent))
    return sceneViewer(dataset["glb"], dataset["title"] ?? "");
  return null;
}

/**
 * Scene Viewer fetches the file itself, without this page's cookies; so only files that strangers may have are named.
 * It is asked for as part of the Google app, which shows the model in 3D where the phone has no AR.
 * Source: https://developers.google.com/ar/develop/scene-viewer
 */
function sceneViewer(glb: string, title: string): string {
  const query = new URLSearchParams({ file: new URL(glb, location.href).href, mode: "ar_preferred", title });
  const back = encodeURIComponent(location.href);
  const end = `package=com.google.android.googlequicksearchbox;action=android.intent.action.VIEW;S.browser_fallback_url=${back};end;`;
  return `intent://arvr.google.com/scene-viewer/1.0?${query}#Intent;scheme=https;${end}`;
}
