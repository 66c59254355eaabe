/* Face B laid over face A in one square: copies of both, the edge between them, and the part that is enlarged. */
(function () {
  "use strict";
  const whyface = (window.whyface = window.whyface || {});
  const laid = document.querySelector(".laid");
  if (!laid) return; // a face is missing
  const lays = laid.querySelectorAll(".lay");
  const GRIP_PX = 28; // as near as this, a drag takes the edge
  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const within = (value, low, high) => Math.min(Math.max(value, low), high);
  // The edge as a share of the width; the face on top in flicker; x and y: what lies in the middle.
  const state = { isWipe: true, edge: 0.5, front: 1, zoom: 1, x: 0.5, y: 0.5 };

  /* The pixels that the page shows now, or its image if it could not unpack the maps. */
  function copyMap(stack) {
    const map = stack.querySelector("canvas.map") || stack.querySelector("img.map");
    if (!map) return [];
    const copy = map.cloneNode();
    copy.hidden = false;
    if (map.width && copy.getContext) copy.getContext("2d").drawImage(map, 0, 0);
    return [copy];
  }

  function copyFace(stack, withMap) {
    const copy = document.createElement("div");
    copy.className = stack.classList.contains("plain") ? "stack plain" : "stack";
    const faces = Array.from(stack.querySelectorAll("img:not(.map)"), (face) => face.cloneNode());
    copy.append(...faces, ...(withMap ? copyMap(stack) : []));
    for (const image of copy.querySelectorAll("img")) image.loading = "eager";
    return copy;
  }

  function fill(withMaps) {
    document.querySelectorAll("#faces .stack").forEach((stack, face) => lays[face].replaceChildren(copyFace(stack, withMaps)));
  }

  function show() {
    const margin = 0.5 / state.zoom;
    for (const axis of ["x", "y"]) {
      state[axis] = within(state[axis], margin, 1 - margin);
      laid.style.setProperty("--" + axis, (state[axis] - margin) * state.zoom);
    }
    state.edge = within(state.edge, 0, 1);
    const edge = state.isWipe ? state.edge : 1 - state.front;
    laid.style.setProperty("--zoom", state.zoom);
    laid.style.setProperty("--edge", edge * 100 + "%");
    laid.classList.toggle("wiped", state.isWipe);
    laid.querySelectorAll(".letter").forEach((letter, face) => (letter.hidden = edge === face));
  }

  function drag(down, changed) {
    if (down.button) return;
    const box = laid.getBoundingClientRect();
    const start = { x: state.x, y: state.y };
    const isNear = Math.abs(down.clientX - box.left - state.edge * box.width) < GRIP_PX;
    const takesEdge = state.isWipe && (state.zoom === 1 || isNear);
    function move(event) {
      if (takesEdge) state.edge = (event.clientX - box.left) / box.width;
      else {
        state.x = start.x - (event.clientX - down.clientX) / box.width / state.zoom;
        state.y = start.y - (event.clientY - down.clientY) / box.height / state.zoom;
      }
      changed();
    }
    laid.setPointerCapture(down.pointerId);
    laid.addEventListener("pointermove", move);
    laid.addEventListener("lostpointercapture", () => laid.removeEventListener("pointermove", move), { once: true });
    move(down);
  }

  function press(event, changed) {
    const by = STEPS[event.key];
    if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
    if (state.zoom > 1) [state.x, state.y] = [state.x + (0.1 * by[0]) / state.zoom, state.y + (0.1 * by[1]) / state.zoom];
    else if (state.isWipe) state.edge += by[0] / 50;
    changed();
    event.preventDefault();
  }

  /* Call `changed` whenever the reader moved something. */
  function listen(changed) {
    laid.addEventListener("pointerdown", (event) => drag(event, changed));
    laid.addEventListener("keydown", (event) => press(event, changed));
  }

  whyface.laid = { state: state, fill: fill, clear: () => lays.forEach((lay) => lay.replaceChildren()), show: show, listen: listen };
})();
