// Visible controls smaller than 44 × 44 CSS pixels. Links inside a sentence are exempt (WCAG 2.2, 2.5.5).
() => {
  const MIN = 43.5; // half a pixel for rounding
  const inSentence = (link) =>
    getComputedStyle(link).display === "inline" &&
    link.parentElement.textContent.trim().length > link.textContent.trim().length + 2;
  const area = (control) => {
    const label = control.labels?.[0] ?? control.closest("label");
    const whole = control.closest(".model-card h2") ? control.closest(".model-card") : null; // its link covers the card
    const boxes = [control, label, whole].filter(Boolean).map((element) => element.getBoundingClientRect());
    return { width: Math.max(...boxes.map((box) => box.width)), height: Math.max(...boxes.map((box) => box.height)) };
  };
  const controls = document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary");
  return [...controls]
    .filter((control) => control.checkVisibility({ visibilityProperty: true }) && !control.matches(".skip-link"))
    .filter((control) => !(control.matches("a") && inSentence(control)))
    .filter((control) => area(control).width < MIN || area(control).height < MIN)
    .map((control) => {
      const { width, height } = area(control);
      const name = control.ariaLabel || control.textContent.trim() || control.name || control.id;
      return `${control.tagName.toLowerCase()}.${control.className} “${name.slice(0, 30)}” ${width.toFixed(0)} × ${height.toFixed(0)}`;
    });
};
