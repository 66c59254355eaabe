/* Reads the maps at one place in both faces at once: under the pointer, at a tap, or by arrow keys. */
(function () {
  "use strict";
  const whyface = window.whyface;
  const readout = document.getElementById("readout");
  const spoken = document.getElementById("spoken");
  const stacks = Array.from(document.querySelectorAll("#faces .stack"));
  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  let maps;
  let place = null; // column and row of the maps

  function words(value, scale) {
    const share = Math.abs(value) / scale;
    const strength = JSON.parse(readout.dataset.strengths).find(([most]) => share <= most)[1];
    const says = strength === "hardly" ? "hardly matters" : "speaks " + strength + " for “" + (value > 0 ? "same" : "different") + "”";
    const sign = value < 0 ? "−" : value > 0 ? "+" : "";
    return says + " (" + sign + (value ? Math.abs(value).toPrecision(2) : 0) + ")";
  }

  function move(x, y) {
    const inside = (at) => Math.min(Math.max(Math.floor(at), 0), maps.side - 1);
    place = [inside(x), inside(y)];
    tell();
  }

  /* Draw cross and words in both faces; "per px²" and the scale stand below the legend. */
  function tell() {
    const { method } = whyface.pair.chosen();
    const region = document.createElement("b");
    const name = maps.region(...place);
    region.textContent = name[0].toUpperCase() + name.slice(1);
    readout.replaceChildren(region);
    stacks.forEach((stack, face) => {
      stack.style.setProperty("--x", (place[0] + 0.5) / maps.side);
      stack.style.setProperty("--y", (place[1] + 0.5) / maps.side);
      stack.classList.add("read");
      const value = maps.value(method, face, ...place);
      const line = document.createElement("span");
      line.dataset.value = value;
      line.textContent = "AB"[face] + " " + words(value, maps.scales[method]);
      readout.append(line);
    });
  }

  /* Only keys and taps are announced: a moving pointer would never fall silent. */
  function say() {
    spoken.textContent = Array.from(readout.children, (part) => part.textContent).join(", ");
  }

  function point(event) {
    const box = event.currentTarget.getBoundingClientRect();
    move(((event.clientX - box.left) / box.width) * maps.side, ((event.clientY - box.top) / box.height) * maps.side);
  }

  function step(event) {
    const by = STEPS[event.key];
    if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
    const middle = Math.floor(maps.side / 2);
    const [x, y] = place || [middle, middle];
    const far = event.shiftKey ? 5 : 1;
    move(x + far * by[0], y + far * by[1]);
    say();
    event.preventDefault();
  }

  /* Make a face with its map a control of its own. */
  function listen(stack, face) {
    stack.tabIndex = 0;
    stack.setAttribute("role", "application");
    stack.setAttribute("aria-label", "Map of face " + "AB"[face] + ": arrow keys read it, with Shift in larger steps");
    stack.append(Object.assign(document.createElement("span"), { className: "cross" }));
    stack.addEventListener("pointermove", (event) => { if (event.pointerType === "mouse") point(event); });
    stack.addEventListener("click", (event) => { point(event); say(); });
    stack.addEventListener("keydown", step);
  }

  whyface.readout = {
    start(loaded) {
      maps = loaded;
      stacks.forEach(listen);
      readout.hidden = false;
      document.addEventListener("whyface:state", () => place && tell());
    },
  };
})();
