/* Previous and next, also by the arrow keys: within the selection that the page was opened from, if any. */
(function () {
  "use strict";
  const nav = document.getElementById("neighbours");
  const { root, model, dataset, pair } = nav.dataset;
  const CONTROLS = "input, select, textarea, button, [role=application], [tabindex], [contenteditable]";
  const opened = () => new URLSearchParams(location.hash.slice(1)).get("in");

  /* Links keep the switches and the selection from pair to pair. */
  function carry() {
    for (const link of nav.querySelectorAll("[rel]")) link.hash = location.hash;
  }

  function link(rel, text, page) {
    const made = document.createElement("a");
    made.rel = rel;
    made.href = root + page;
    made.textContent = text;
    return made;
  }

  /* Replace the neighbours in order of pair_id by those of the selection. */
  function rewire(list, state) {
    const at = list.findIndex((one) => one.model === model && one.dataset === dataset && one.pair_id === pair);
    const back = document.createElement("a");
    back.href = root + "explore.html" + (state ? "#" + state : "");
    back.textContent = "back to the list";
    if (at < 0) {
      nav.append(back);
      return;
    }
    const position = document.createElement("span");
    const count = (number) => number.toLocaleString("en");
    position.textContent = count(at + 1) + " of " + count(list.length) + " in this selection";
    const [before, after] = [list[at - 1], list[at + 1]];
    nav.replaceChildren(
      ...(before ? [link("prev", "← Previous", before.page)] : []),
      position,
      ...(after ? [link("next", "Next →", after.page)] : []),
      back
    );
    carry();
  }

  /* The explorer's scripts find the pairs of a selection; pages opened without one do not load them. */
  function load(name) {
    return new Promise((resolve, reject) => {
      const script = Object.assign(document.createElement("script"), { src: root + "static/" + name, onload: resolve, onerror: reject });
      script.async = false; // loaded at once, run in order
      document.head.append(script);
    });
  }

  async function follow(state) {
    await Promise.all(["chunks.js", "filters.js", "selection.js"].map(load));
    rewire(await window.whyface.selection.load(root, new URLSearchParams(state)), state);
  }

  function step(event) {
    const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    const held = event.altKey || event.ctrlKey || event.metaKey || event.shiftKey;
    const to = rel && !held && !event.target.closest(CONTROLS) && nav.querySelector("[rel=" + rel + "]");
    if (to) to.click();
  }

  window.whyface = window.whyface || {};
  document.addEventListener("keydown", step);
  document.addEventListener("whyface:state", carry);
  carry();
  if (opened() !== null) follow(opened()).catch(() => {}); // then the neighbours stay those of the whole dataset
})();
