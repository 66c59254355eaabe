/* The dialog that compares A with B: its controls, and the flicker. */
(function () {
  "use strict";
  const laid = (window.whyface || {}).laid;
  if (!laid) return;
  const { state } = laid;
  const dialog = document.getElementById("compare");
  const opener = document.getElementById("compare-opener");
  const control = (name) => dialog.querySelector("[name=" + name + "]");
  const FLICKER_MS = 500; // one cycle a second
  const LEAST_MS = 200; // a held key makes at most 2.5 flashes a second; WCAG 2.3.1 allows 3
  let timer = 0;
  let swapped = 0; // when

  function fill() {
    laid.fill(!control("maps") || control("maps").checked);
  }

  function show() {
    laid.show();
    control("edge").value = Math.round(100 * state.edge);
    control("zoom").value = state.zoom;
    control("play").textContent = timer ? "Pause" : "Play";
    document.getElementById("compare-zoom").textContent = state.zoom + "×";
    for (const part of dialog.querySelectorAll("[data-way]")) part.hidden = (part.dataset.way === "wipe") !== state.isWipe;
  }

  function swap() {
    if (performance.now() - swapped < LEAST_MS) return;
    swapped = performance.now();
    state.front = 1 - state.front;
    show();
  }

  function play(on) {
    clearInterval(timer);
    timer = on ? setInterval(swap, FLICKER_MS) : 0;
    show();
  }

  /* A swap by hand is announced; a flicker that runs would never fall silent. */
  function swapByHand() {
    play(false);
    swap();
    document.getElementById("compare-said").textContent = "Face " + "AB"[state.front];
  }

  function change({ target }) {
    if (target.name === "edge") state.edge = target.value / 100;
    if (target.name === "zoom") state.zoom = Number(target.value);
    if (target.name === "maps") fill();
    if (target.name === "way") {
      state.isWipe = target.value === "wipe";
      play(!state.isWipe && !matchMedia("(prefers-reduced-motion: reduce)").matches);
    }
    show();
  }

  function press(event) {
    event.stopPropagation(); // arrow keys of the page lead to other pairs
    if (event.key !== " " || state.isWipe || !event.target.matches(".laid")) return;
    swapByHand();
    event.preventDefault();
  }

  function leave() {
    if (dialog.open) return; // this event comes late, perhaps after the next opening
    play(false);
    laid.clear();
  }

  function enter() {
    state.isWipe = control("way").checked; // browsers may remember a choice
    fill();
    show();
    dialog.showModal();
  }

  opener.firstElementChild.addEventListener("click", enter);
  control("close").addEventListener("click", () => dialog.close());
  control("play").addEventListener("click", () => play(!timer));
  control("swap").addEventListener("click", swapByHand);
  dialog.addEventListener("close", leave);
  dialog.addEventListener("keydown", press);
  dialog.addEventListener("input", change);
  document.addEventListener("whyface:state", () => { if (dialog.open) fill(); });
  laid.listen(show);
  opener.hidden = false;
})();
