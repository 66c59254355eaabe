/* Shows the cells that turn the decision: an outline over the face that they lie in. */
(function () {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const button = document.getElementById("flip-set");
  const perSide = Number(button.dataset.perSide);
  const cells = new Set(button.dataset.cells.split(" ").map(Number));

  /* The cells' outer edges: those that no other cell of the set shares. */
  function outline() {
    const has = (x, y) => x >= 0 && x < perSide && cells.has(y * perSide + x);
    const edges = [];
    for (const cell of cells) {
      const x = cell % perSide;
      const y = Math.floor(cell / perSide);
      if (!has(x, y - 1)) edges.push(`M${x} ${y}h1`);
      if (!has(x, y + 1)) edges.push(`M${x} ${y + 1}h1`);
      if (!has(x - 1, y)) edges.push(`M${x} ${y}v1`);
      if (!has(x + 1, y)) edges.push(`M${x + 1} ${y}v1`);
    }
    return edges.join("");
  }

  /* Drawn twice, light on dark: one of them stands out from any face. */
  function layer() {
    const made = document.createElementNS(SVG, "svg");
    made.setAttribute("class", "flip-set-cells");
    made.setAttribute("viewBox", `0 0 ${perSide} ${perSide}`);
    made.setAttribute("aria-hidden", "true");
    for (const part of ["under", "over"]) {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("class", part);
      path.setAttribute("d", outline());
      made.append(path);
    }
    return made;
  }

  const stack = document.querySelectorAll("#faces .stack")["ab".indexOf(button.dataset.side)];
  const drawn = layer();

  button.addEventListener("click", () => {
    const isShown = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", isShown);
    if (!isShown) return drawn.remove();
    stack.append(drawn);
    stack.scrollIntoView({ block: "nearest" }); // on a phone, the faces lie far above
  });
  button.hidden = false;
})();
