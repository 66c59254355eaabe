/* A second mark on the histogram of a pair, which moves. */
(function () {
  "use strict";
  const whyface = (window.whyface = window.whyface || {});

  function shape(svg, name, attributes) {
    const made = svg.appendChild(document.createElementNS(svg.namespaceURI, name));
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  /* Mark a distance under a name, which keeps clear of the mark of another distance; null takes the mark away. */
  whyface.mark = function (svg, distance, name, other) {
    for (const one of svg.querySelectorAll(".moving")) one.remove();
    if (distance === null) return;
    const [low, high, left, right] = ["low", "high", "left", "right"].map((key) => Number(svg.dataset[key]));
    const share = (Math.min(Math.max(distance, low), high) - low) / (high - low);
    const x = (left + share * (right - left)).toFixed(1);
    const anchor = share < 0.3 || (share < 0.7 && distance >= other) ? "start" : "end";
    shape(svg, "path", { class: "mark moving", d: "M" + x + " 64V168" });
    shape(svg, "text", { class: "mark-label moving", x, y: 58, dx: anchor === "start" ? 4 : -4, "text-anchor": anchor }).textContent = name + " " + distance.toFixed(3);
  };
})();
