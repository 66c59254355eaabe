/* Cover it yourself: lays a patch on the face that is read, and says and shows what the model makes of it. */
(function () {
  "use strict";
  const whyface = window.whyface;
  const words = document.getElementById("covered");
  const spoken = document.getElementById("spoken");
  const svg = document.querySelector(".pair .histogram svg");
  const patch = Object.assign(document.createElement("span"), { className: "patch" });
  const hint = words && Array.from(words.childNodes);
  let stacks;
  let patches = null;
  let last = null; // where the faces were read last: face (0 or 1), x and y as shares of the face's side

  const size = () => Number(whyface.pair.chosen().patch) || 0;
  const part = (name, text) => Object.assign(document.createElement(name), { textContent: text });

  function say(face, found) {
    const { verdict, numbers, origin } = whyface.coverWords(patches, found);
    words.replaceChildren(part("b", "AB"[face] + " covered here" + verdict), " ", part("span", numbers), " ", part("span", origin));
  }

  function lay(face, px, { left, top }) {
    const percent = (length) => (100 * length) / patches.side + "%";
    patch.classList.toggle("disc", patches.shape === "circle");
    Object.assign(patch.style, { left: percent(left), top: percent(top), width: percent(px), height: percent(px) });
    stacks[face].append(patch);
  }

  const find = (px, { face, x, y }) => patches.read(px, face, x * patches.side - px / 2, y * patches.side - px / 2);

  function show(px, isAloud) {
    const found = find(px, last);
    lay(last.face, px, found);
    say(last.face, found);
    if (svg) whyface.mark(svg, found.distance, "AB"[last.face] + " covered", patches.clean);
    if (isAloud) spoken.append(". " + words.textContent);
  }

  function clear() {
    patch.remove();
    words.replaceChildren(...hint);
    if (svg) whyface.mark(svg, null);
  }

  function update(isAloud) {
    words.hidden = !size();
    if (!size() || !last) clear();
    else if (patches) show(size(), isAloud);
    else load().then(() => update(isAloud), () => words.replaceChildren(part("b", "The values could not be loaded.")));
  }

  /* A tapped face keeps the finger, which drags a patch over it; a touch elsewhere lets the page scroll again. */
  function hold(stack) {
    stack.addEventListener("click", () => stack.classList.toggle("held", size() > 0));
    document.addEventListener("pointerdown", (event) => stack.contains(event.target) || stack.classList.remove("held"));
  }

  const isOn = () => words !== null && size() > 0;
  const load = () => whyface.patches.load().then((found) => (patches = found));

  whyface.cover = {
    isOn,
    /* Say of a face what the arrow keys do. */
    label(stack, face) {
      const keys = isOn() ? "cover it position by position, with Shift in small steps" : "read it, with Shift in larger steps";
      stack.setAttribute("aria-label", "Map of face " + "AB"[face] + ": arrow keys " + keys);
    },
    /* Take a place that is read; `isAloud` announces it. */
    move(place, isAloud) {
      last = place;
      if (words) update(isAloud);
    },
    /* Where the next position of the patch is from a place, in a direction; null until the patches are here. */
    step(place, [right, down]) {
      if (!patches) return null;
      const px = size();
      const { left, top } = find(px, place);
      const centre = (start) => (start + px / 2) / patches.side;
      return { x: centre(patches.next(px, left, right)), y: centre(patches.next(px, top, down)) };
    },
    start() {
      if (!words) return;
      stacks = Array.from(document.querySelectorAll("#faces .stack"));
      stacks.forEach(hold);
      for (const name of ["whyface:state", "whyface:belief"]) document.addEventListener(name, () => update(false));
      update(false);
    },
  };
})();
