/* The reader's own threshold as a mark on the page's histogram. */
(function () {
  "use strict";
  const { belief } = window.whyface;
  const svg = document.querySelector(".histogram svg");
  const [low, high, left, right] = ["low", "high", "left", "right"].map((key) => Number(svg.dataset[key]));
  const group = document.createElementNS(svg.namespaceURI, "g");
  const [line, label] = ["path", "text"].map((name) => group.appendChild(document.createElementNS(svg.namespaceURI, name)));
  line.setAttribute("class", "mark own");
  label.setAttribute("class", "mark-label own");
  label.setAttribute("y", 205);

  function draw() {
    const threshold = belief.threshold();
    const x = left + ((Math.min(Math.max(threshold, low), high) - low) / (high - low)) * (right - left);
    line.setAttribute("d", `M${x} 38V173`);
    label.setAttribute("x", x);
    label.setAttribute("text-anchor", x < 200 ? "start" : x > 440 ? "end" : "middle");
    label.textContent = "your threshold " + threshold.toFixed(3);
    if (belief.isOwn("threshold")) svg.append(group);
    else group.remove();
  }

  document.addEventListener("whyface:belief", draw);
})();
