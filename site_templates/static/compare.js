/* Lays face B over face A in a dialog: an edge wipes between them, or they flicker; both are enlarged and moved as one. */
(function () {
  "use strict";
  const dialog = document.getElementById("compare");
  if (!dialog) return; // a face is missing
  const opener = document.getElementById("compare-opener");
  const laid = dialog.querySelector(".laid");
  const lays = dialog.querySelectorAll(".lay");
  const letters = dialog.querySelectorAll(".letter");
  const control = (name) => dialog.querySelector("[name=" + name + "]");
  const FLICKER_MS = 500; // one cycle a second
  const LEAST_MS = 200; // a held key makes at most 2.5 flashes a second; WCAG 2.3.1 allows 3
  const GRIP_PX = 28; // as near as this, a drag takes the edge
  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const state = { edge: 0.5, front: 1, x: 0.5, y: 0.5, timer: 0, swapped: 0 }; // x and y: what lies in the middle
  const within = (value, low, high) => Math.min(Math.max(value, low), high);
  const zoom = () => Number(control("zoom").value);
  const isWipe = () => control("way").checked;

  /* The pixels that the page shows now, or its image if it could not unpack the maps. */
  function copyMap(stack) {
    const map = stack.querySelector("canvas.map") || stack.querySelector("img.map");
    if (!map) return [];
    const copy = map.cloneNode();
    copy.hidden = false;
    if (map.width && copy.getContext) copy.getContext("2d").drawImage(map, 0, 0);
    return [copy];
  }

  function copyFace(stack) {
    const copy = document.createElement("div");
    copy.className = stack.classList.contains("plain") ? "stack plain" : "stack";
    const faces = Array.from(stack.querySelectorAll("img:not(.map)"), (face) => face.cloneNode());
    const maps = control("maps") && !control("maps").checked ? [] : copyMap(stack);
    copy.append(...faces, ...maps);
    for (const image of copy.querySelectorAll("img")) image.loading = "eager";
    return copy;
  }

  function fill() {
    document.querySelectorAll("#faces .stack").forEach((stack, face) => lays[face].replaceChildren(copyFace(stack)));
  }

  function show() {
    const margin = 0.5 / zoom();
    for (const axis of ["x", "y"]) {
      state[axis] = within(state[axis], margin, 1 - margin);
      laid.style.setProperty("--" + axis, (state[axis] - margin) * zoom());
    }
    laid.style.setProperty("--zoom", zoom());
    laid.style.setProperty("--edge", (isWipe() ? state.edge : 1 - state.front) * 100 + "%");
    laid.classList.toggle("wiped", isWipe());
    letters[0].hidden = isWipe() ? state.edge === 0 : state.front === 1;
    letters[1].hidden = isWipe() ? state.edge === 1 : state.front === 0;
    control("edge").value = Math.round(100 * state.edge);
    control("play").textContent = state.timer ? "Pause" : "Play";
    document.getElementById("compare-zoom").textContent = zoom() + "×";
    for (const part of dialog.querySelectorAll("[data-way]")) part.hidden = (part.dataset.way === "wipe") !== isWipe();
  }

  function swap() {
    if (performance.now() - state.swapped < LEAST_MS) return;
    state.swapped = performance.now();
    state.front = 1 - state.front;
    show();
  }

  /* A swap by hand is announced; a flicker that runs would never fall silent. */
  function swapByHand() {
    play(false);
    swap();
    document.getElementById("compare-said").textContent = "Face " + "AB"[state.front];
  }

  function play(on) {
    clearInterval(state.timer);
    state.timer = on ? setInterval(swap, FLICKER_MS) : 0;
    show();
  }

  function drag(down) {
    if (down.button) return;
    const box = laid.getBoundingClientRect();
    const start = { x: state.x, y: state.y };
    const isNear = Math.abs(down.clientX - box.left - state.edge * box.width) < GRIP_PX;
    const takesEdge = isWipe() && (zoom() === 1 || isNear);
    function move(event) {
      if (takesEdge) state.edge = within((event.clientX - box.left) / box.width, 0, 1);
      else {
        state.x = start.x - (event.clientX - down.clientX) / box.width / zoom();
        state.y = start.y - (event.clientY - down.clientY) / box.height / zoom();
      }
      show();
    }
    laid.setPointerCapture(down.pointerId);
    laid.addEventListener("pointermove", move);
    laid.addEventListener("lostpointercapture", () => laid.removeEventListener("pointermove", move), { once: true });
    move(down);
  }

  function press(event) {
    const by = STEPS[event.key];
    if (event.key === " " && !isWipe()) swapByHand();
    else if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
    else if (zoom() > 1) [state.x, state.y] = [state.x + (0.1 * by[0]) / zoom(), state.y + (0.1 * by[1]) / zoom()];
    else if (isWipe()) state.edge = within(state.edge + by[0] / 50, 0, 1);
    show();
    event.preventDefault();
  }

  opener.firstElementChild.addEventListener("click", () => { fill(); show(); dialog.showModal(); });
  control("close").addEventListener("click", () => dialog.close());
  control("play").addEventListener("click", () => play(!state.timer));
  control("swap").addEventListener("click", swapByHand);
  dialog.addEventListener("close", () => {
    if (dialog.open) return; // this event comes late, perhaps after the next opening
    play(false);
    lays.forEach((lay) => lay.replaceChildren());
  });
  dialog.addEventListener("keydown", (event) => event.stopPropagation()); // arrow keys of the page lead to other pairs
  dialog.addEventListener("input", (event) => {
    if (event.target.name === "edge") state.edge = event.target.value / 100;
    if (event.target.name === "maps") fill();
    if (event.target.name === "way") play(!isWipe() && !matchMedia("(prefers-reduced-motion: reduce)").matches);
    show();
  });
  laid.addEventListener("pointerdown", drag);
  laid.addEventListener("keydown", press);
  document.addEventListener("whyface:state", () => { if (dialog.open) fill(); });
  opener.hidden = false;
})();
