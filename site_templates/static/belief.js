/* The reader's own threshold and prior: two sliders that the address remembers; scripts that restate hear whyface:belief. */
(function () {
  "use strict";
  const whyface = (window.whyface = window.whyface || {});
  const part = document.getElementById("belief");
  const facts = JSON.parse(part.dataset.facts);
  const form = document.getElementById("belief-sliders");
  const PRIORS = Array.from({ length: 18 }, (_, i) => [1, 2, 5][(i + 1) % 3] * 10 ** Math.floor((i + 1) / 3)); // 2, 5, 10 to a million
  const PATIENCE = 200; // ms before dragging reaches the address: browsers refuse to write it more often
  const protocol = { threshold: facts.threshold, prior: PRIORS[0] };
  const own = { ...protocol }; // the reader's
  let timer = 0;

  const isOwn = (name) => own[name] !== protocol[name];
  const isChanged = () => Object.keys(own).some(isOwn);
  /* Prior odds of same. */
  const odds = () => 1 / (own.prior - 1);
  const decision = (distance) => (distance < own.threshold ? "same" : "different");
  const probability = (llr) => 1 / (1 + 10 ** -llr / odds());

  /* Whether the address names a place on the page, such as #groups, and not a state. */
  const isPlace = () => location.hash.length > 1 && !location.hash.includes("=");
  const state = () => new URLSearchParams(isPlace() ? "" : location.hash.slice(1));
  const listed = (from) => new URLSearchParams(from.get("in") || ""); // the state of the explorer's list, if opened from one

  function read(name, valid) {
    const from = state();
    const text = from.get(name) ?? listed(from).get(name);
    const value = text ? Number(Number(text).toFixed(3)) : NaN;
    own[name] = valid(value) ? value : protocol[name];
  }

  function restore() {
    read("threshold", (value) => value >= Number(form.elements.threshold.min) && value <= Number(form.elements.threshold.max));
    read("prior", (value) => Number.isInteger(value) && value >= PRIORS[0] && value <= PRIORS[PRIORS.length - 1]);
    form.elements.threshold.value = own.threshold;
    form.elements.prior.value = PRIORS.findLastIndex((one) => one <= own.prior);
  }

  /* Put the reader's values into a state, and take out the protocol's. */
  function write(into) {
    for (const [name, value] of Object.entries(own)) {
      if (isOwn(name)) into.set(name, value);
      else into.delete(name);
    }
    return into;
  }

  /* Other keys of the address stay. */
  function note() {
    timer = clearTimeout(timer) || 0;
    if (isPlace() && !isChanged()) return;
    const next = write(state());
    if (next.has("in")) {
      const list = listed(next);
      for (const name of Object.keys(own)) list.delete(name);
      next.set("in", list);
    }
    history.replaceState(null, "", next.toString() ? "#" + next : location.pathname + location.search);
    document.dispatchEvent(new Event("whyface:state"));
  }

  function say(name, text) {
    document.getElementById("belief-" + name).textContent = text;
    form.elements[name].setAttribute("aria-valuetext", text);
  }

  function show() {
    say("threshold", own.threshold.toFixed(3) + (isOwn("threshold") ? "" : ", the protocol's"));
    say("prior", "1 in " + own.prior.toLocaleString("en") + " such comparisons is of the same person");
    document.getElementById("belief-reset").disabled = !isChanged();
    part.classList.toggle("changed", isChanged());
    document.dispatchEvent(new Event("whyface:belief"));
  }

  form.addEventListener("input", ({ target }) => {
    own[target.name] = target.name === "prior" ? PRIORS[target.value] : Number(target.value);
    show();
    timer = timer || setTimeout(note, PATIENCE);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("belief-reset").addEventListener("click", () => {
    Object.assign(own, protocol);
    note();
    restore();
    show();
    form.elements.threshold.focus(); // the button has just been disabled
  });
  window.addEventListener("hashchange", () => {
    if (!isPlace()) restore();
    note();
    show();
  });
  window.addEventListener("pagehide", () => timer && note());

  whyface.belief = { threshold: () => own.threshold, odds, isOwn, isChanged, decision, probability, write, facts };
  restore();
  part.hidden = false;
  document.addEventListener("DOMContentLoaded", () => { note(); show(); }); // once all who listen are there
})();
