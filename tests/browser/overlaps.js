// Pairs of visible controls whose boxes overlap; nested controls do not count.
() => {
  const selector = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [role=slider]";
  const tolerance = 2; // pixels of tolerance for rounding
  const checks = { opacityProperty: true, visibilityProperty: true };
  const shown = (element) => element.checkVisibility(checks) && !element.closest(".visually-hidden, .skip-link");
  const boxes = (element) => [...element.getClientRects()].filter((box) => box.width > 4 && box.height > 4);
  const controls = [...document.querySelectorAll(selector)]
    .filter(shown)
    .flatMap((element) => boxes(element).map((box) => ({ element, box })));
  const name = ({ element }) =>
    (element.getAttribute("aria-label") || element.textContent || element.name || element.id).trim().slice(0, 40);
  const nested = (one, other) => one.element.contains(other.element) || other.element.contains(one.element);
  const over = ({ box: a }, { box: b }) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > tolerance &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > tolerance;
  return controls.flatMap((one, index) =>
    controls
      .slice(index + 1)
      .filter((other) => !nested(one, other) && over(one, other))
      .map((other) => `“${name(one)}” and “${name(other)}”`),
  );
};
