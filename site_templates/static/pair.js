/* Pair page: draws the maps over the faces as the switches say; the address and the storage remember them. */
(function () {
  "use strict";
  const whyface = window.whyface;
  const form = document.getElementById("switches");
  const images = Array.from(document.querySelectorAll(".pair img.map"));
  const chosen = () => Object.fromEntries(new FormData(form));
  const defaults = chosen();
  const STORED = "whyface-palette";

  /* Keys of the address other than the switches, such as the selection, stay. */
  function address() {
    return new URLSearchParams(location.hash.slice(1));
  }

  function remembered() {
    try { return localStorage.getItem(STORED); } catch (error) { return null; } // storage may be forbidden
  }

  function remember(palette) {
    try { localStorage.setItem(STORED, palette); } catch (error) { /* private windows have no storage */ }
  }

  /* Set a switch to a value, if it has that value. */
  function set(name, value) {
    for (const input of form.elements) {
      if (input.name !== name) continue;
      if (input.type === "radio" && input.value === value) input.checked = true;
      if (input.type === "range" && /^\d{1,3}$/.test(value)) input.value = value;
    }
  }

  function restore() {
    const state = address();
    for (const [name, value] of Object.entries(defaults)) {
      set(name, state.get(name) || (name === "palette" && remembered()) || value);
    }
  }

  /* The address holds what differs from the defaults. */
  function note() {
    const state = address();
    for (const [name, value] of Object.entries(chosen())) {
      if (value === defaults[name]) state.delete(name);
      else state.set(name, value);
    }
    const hash = state.toString();
    history.replaceState(null, "", hash ? "#" + hash : location.pathname + location.search);
    document.dispatchEvent(new Event("whyface:state"));
  }

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

  whyface.pair = { chosen: chosen };
  whyface.maps.load().then((maps) => {
    restore();
    const canvases = images.map(canvasFor);
    const update = () => show(maps, canvases);
    form.addEventListener("input", (event) => {
      if (event.target.name === "palette") remember(event.target.value);
      update();
      note();
    });
    window.addEventListener("hashchange", () => { restore(); update(); });
    form.hidden = false;
    update();
    note();
    for (const part of [whyface.readout, whyface.cover, whyface.spotlight]) part.start(maps);
  }, () => {}); // a browser that cannot unpack shows the page as it is without scripts
})();
