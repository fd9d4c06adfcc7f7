// Null once the focus left the page, "" if the focused control shows a ring, else the control's name.
() => {
  const focused = document.activeElement;
  if (focused === document.body) return null;
  if (focused.matches("video")) return ""; // the browser draws its controls, and their ring
  const hasRing = (element) => {
    const style = getComputedStyle(element);
    const drawn = style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) >= 2;
    return drawn && style.outlineColor !== "rgba(0, 0, 0, 0)" && Number(style.opacity) > 0;
  };
  // A control that is drawn by something else shows the ring there: by its label, or by the card or zone that it covers.
  const label = focused.nextElementSibling?.matches("label") ? focused.nextElementSibling : null;
  const shown = [
    focused,
    label,
    focused.closest(".drop, .model-card, .compare-frame, .cut-actions label, .camera-button"),
  ];
  if (shown.some((element) => element && hasRing(element))) return "";
  return `${focused.tagName.toLowerCase()}.${focused.className} “${(focused.ariaLabel ?? focused.textContent).trim().slice(0, 40)}”`;
};
