/* Pair page: draws the maps over the faces as the switches say. */
(function () {
  "use strict";
  const whyface = window.whyface;
  const form = document.getElementById("switches");
  const images = Array.from(document.querySelectorAll(".pair img.map"));
  const { chosen, restore, note } = whyface.pair;

  /* A canvas in place of a map's image; it takes over the image's text, which only maps without a face have. */
  function canvasFor(image) {
    const canvas = document.createElement("canvas");
    canvas.className = "map";
    if (image.alt) {
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", image.alt);
    }
    image.hidden = true;
    image.after(canvas);
    return canvas;
  }

  /* Show the pieces of the page that belong to the method and the palette, and hide the others'. */
  function toggle(state, scale) {
    const { method, palette } = state;
    for (const piece of document.querySelectorAll(".pair [data-method]")) piece.hidden = piece.dataset.method !== method;
    for (const piece of document.querySelectorAll(".pair .legend")) piece.hidden = piece.dataset.palette !== palette;
    const radio = form.querySelector("[name=method]:checked");
    document.getElementById("method-note").textContent = method + ": " + radio.dataset.note;
    document.getElementById("scale-note").textContent = Number(scale.toPrecision(2));
    for (const note of document.querySelectorAll("[data-scale]")) note.hidden = (note.dataset.scale === "evidence") !== (state.scale === "evidence");
  }

  /* The value of full colour. */
  function full(maps, { method, scale }) {
    if (scale === "pair") return Math.max(maps.peak(method, 0), maps.peak(method, 1)) || 1;
    return scale === "evidence" ? maps.evidence : maps.scales[method];
  }

  function show(maps, canvases) {
    const state = chosen();
    const scale = full(maps, state);
    const stops = form.querySelector("[name=palette]:checked").dataset.stops.split(", ");
    canvases.forEach((canvas, face) => whyface.maps.draw(canvas, maps, state.method, face, scale, stops));
    document.documentElement.style.setProperty("--strength", state.strength / 100);
    toggle(state, scale);
  }

  whyface.maps.load().then((maps) => {
    restore();
    const canvases = images.map(canvasFor);
    const update = () => show(maps, canvases);
    form.addEventListener("input", () => { update(); note(); });
    window.addEventListener("hashchange", () => { restore(); update(); });
    form.hidden = false;
    update();
    note();
    for (const part of [whyface.readout, whyface.cover, whyface.spotlight]) part.start(maps);
  }, () => {}); // a browser that cannot unpack shows the page as it is without scripts
})();
