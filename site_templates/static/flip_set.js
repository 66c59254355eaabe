/* Shows the cells that turn the decision: an outline over the face that they lie in. */
(function () {
  "use strict";
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

  const stack = document.querySelectorAll("#faces .stack")["ab".indexOf(button.dataset.side)];
  const drawn = document.getElementById("flip-set-cells").content.firstElementChild;
  for (const path of drawn.children) path.setAttribute("d", outline());

  button.addEventListener("click", () => {
    const isShown = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", isShown);
    if (!isShown) return drawn.remove();
    stack.append(drawn);
    stack.scrollIntoView({ block: "nearest" }); /* on a phone, the faces lie far above */
  });
  button.hidden = false;
})();
