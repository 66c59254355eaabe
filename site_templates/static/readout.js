/* Reads the maps at one place in both faces at once: under the pointer, at a tap, or by arrow keys. */
(function () {
  "use strict";
  const whyface = window.whyface;
  const readout = document.getElementById("readout");
  const spoken = document.getElementById("spoken");
  const stacks = Array.from(document.querySelectorAll("#faces .stack"));
  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const strengths = JSON.parse(readout.dataset.strengths); // most of the scale that a word holds for, and the word
  let maps;
  let place = null; // face (0 or 1) that is read, x and y as shares of its side

  /* Column and row of the maps. */
  const cell = ({ x, y }) => [x, y].map((share) => Math.min(Math.floor(share * maps.side), maps.side - 1));

  function move(face, x, y, isAloud) {
    const inside = (share) => Math.min(Math.max(share, 0), 1);
    place = { face, x: inside(x), y: inside(y) };
    tell();
    if (isAloud) say();
    whyface.cover.move(place, isAloud);
  }

  /* Draw cross and words in both faces; "per px²" and the scale stand below the legend. */
  function tell() {
    const { method } = whyface.pair.chosen();
    const [x, y] = cell(place);
    const region = document.createElement("b");
    const name = maps.region(x, y);
    region.textContent = name[0].toUpperCase() + name.slice(1);
    readout.replaceChildren(region);
    stacks.forEach((stack, face) => {
      stack.style.setProperty("--x", (x + 0.5) / maps.side);
      stack.style.setProperty("--y", (y + 0.5) / maps.side);
      stack.classList.add("read");
      const value = maps.value(method, face, x, y);
      const line = document.createElement("span");
      line.dataset.value = value;
      line.textContent = "AB"[face] + " " + whyface.mapWords(value, maps.scales[method], strengths);
      readout.append(face ? "; " : ": ", line);
    });
  }

  /* Only keys and taps are announced: a moving pointer would never fall silent. */
  function say() {
    spoken.textContent = Array.from(readout.children, (part) => part.textContent).join(", ");
  }

  function point(face, event, isAloud) {
    const box = stacks[face].getBoundingClientRect();
    move(face, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height, isAloud);
  }

  /* By keys, a patch goes from one position to the next; with Shift, or without a patch, by places of the map. */
  function step(face, event) {
    const by = STEPS[event.key];
    if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
    const { x, y } = next({ x: 0.5, y: 0.5, ...place, face }, by, event.shiftKey);
    move(face, x, y, true);
    event.preventDefault();
  }

  function next(from, by, isShifted) {
    const isCovering = whyface.cover.isOn();
    const position = isCovering && !isShifted && whyface.cover.step(from, by);
    if (position) return position;
    const places = isShifted && !isCovering ? 5 : 1;
    const [x, y] = cell(from).map((at, axis) => (at + 0.5 + places * by[axis]) / maps.side);
    return { x, y };
  }

  /* Make a face with its map a control of its own. */
  function listen(stack, face) {
    stack.tabIndex = 0;
    stack.setAttribute("role", "application");
    stack.append(Object.assign(document.createElement("span"), { className: "cross" }));
    stack.addEventListener("pointermove", (event) => {
      if (event.pointerType === "mouse" || stack.classList.contains("held")) point(face, event, false);
    });
    stack.addEventListener("click", (event) => point(face, event, true));
    stack.addEventListener("keydown", (event) => step(face, event));
  }

  function update() {
    stacks.forEach(whyface.cover.label);
    if (place) tell();
  }

  whyface.readout = {
    start(loaded) {
      maps = loaded;
      stacks.forEach(listen);
      update();
      readout.hidden = false;
      document.addEventListener("whyface:state", update);
    },
  };
})();
