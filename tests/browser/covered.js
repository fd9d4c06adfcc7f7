// The bars that cover a part of the element, as "bar over element"; what is taller than the free height may be covered.
(element) => {
  const bars = [...document.querySelectorAll(".site-bar, .bulk-bar, .submit-bar")].filter(
    (bar) => !bar.contains(element),
  );
  const box = element.getBoundingClientRect();
  const free = window.innerHeight - bars.reduce((sum, bar) => sum + bar.getBoundingClientRect().height, 0);
  if (box.width === 0 || box.height > free || element.matches(".skip-link")) return []; // that link lies above the bars
  const upper = element.matches("video") ? box.bottom - 32 : box.top; // a video's controls lie at its lower edge
  const over = (bar) => {
    const { top, bottom } = bar.getBoundingClientRect();
    return Math.min(bottom, box.bottom) - Math.max(top, upper) > 1; // a pixel that rounding may take
  };
  const name = (element.getAttribute("aria-label") || element.textContent || element.name || element.id).trim();
  return bars.filter(over).map((bar) => `${bar.className} over “${name.slice(0, 40)}”`);
};
