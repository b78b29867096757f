// Counts down to the end in each [data-until]. Without this the text stays as it was sent. The place
// is no live region, so a screen reader reads it only when asked; with reduced motion it moves once a
// minute.
"use strict";
(() => {
  const places = document.querySelectorAll("[data-until]");
  if (!places.length) return;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  // What the clock of this computer is off from that of the gateway.
  const off = Date.parse(document.querySelector("[data-now]").dataset.now) - Date.now();
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const lasting = (seconds) => {
    const parts = [];
    for (const [name, size] of units) {
      const count = Math.floor(seconds / size);
      seconds -= count * size;
      if (count && (name !== "s" || !calm.matches)) parts.push(`${count} ${name}`);
    }
    return parts.join(" ") || (calm.matches ? "under a minute" : "0 s");
  };
  const show = () => {
    for (const place of places) {
      const left = Math.floor((Date.parse(place.dataset.until) - Date.now() - off) / 1000);
      place.textContent = left > 0 ? lasting(left) : "over now";
    }
    setTimeout(show, calm.matches ? 60000 : 1000);
  };
  show();
})();
