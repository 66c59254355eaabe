/* Shows where a named region lies: dims the rest of both faces. */
(function () {
  "use strict";
  const whyface = window.whyface;
  const DIM = 150; // of 255
  const layers = [];

  /* A layer over a face, with the map's pixels. */
  function layer(stack, maps) {
    const canvas = document.createElement("canvas");
    canvas.className = "spotlight";
    canvas.width = canvas.height = maps.side;
    stack.append(canvas);
    return canvas;
  }

  /* Dim what lies in none of the parts; without parts, nothing. */
  function light(maps, parts) {
    const image = new ImageData(maps.side, maps.side);
    for (let i = 0; i < maps.side * maps.side; i++) {
      const isDim = parts.length && !parts.includes(maps.region(i % maps.side, Math.floor(i / maps.side)));
      image.data[4 * i + 3] = isDim ? DIM : 0;
    }
    for (const canvas of layers) canvas.getContext("2d").putImageData(image, 0, 0);
  }

  function press(maps, pressed) {
    for (const one of document.querySelectorAll(".region")) one.setAttribute("aria-pressed", one === pressed);
    light(maps, pressed ? pressed.dataset.parts.split("|") : []);
  }

  /* The region's name becomes a button; at most one is pressed. */
  function button(word, maps) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "region";
    made.textContent = word.textContent;
    made.dataset.parts = word.dataset.parts;
    made.title = "Show where this is";
    made.setAttribute("aria-pressed", "false");
    made.addEventListener("click", () => press(maps, made.getAttribute("aria-pressed") === "true" ? null : made));
    word.replaceWith(made);
  }

  whyface.spotlight = {
    start(maps) {
      layers.push(...Array.from(document.querySelectorAll("#faces .stack"), (stack) => layer(stack, maps)));
      const isKnown = (word) => word.dataset.parts.split("|").every((part) => maps.regions.includes(part));
      for (const word of document.querySelectorAll(".bans [data-parts]")) if (isKnown(word)) button(word, maps);
    },
  };
})();
