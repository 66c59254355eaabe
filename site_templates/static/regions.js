/* The page of regions: swaps the maps' files when the palette changes, and remembers the palette for pair pages too. */
"use strict";
(function () {
  const key = "whyface-palette", switches = document.querySelector(".palette");
  if (!switches) return;

  function show(name) {
    document.querySelectorAll("img.map").forEach((map) => { map.src = map.getAttribute("data-" + name) || map.src; });
    document.querySelectorAll(".legend").forEach((legend) => { legend.hidden = legend.getAttribute("data-palette") !== name; });
    document.documentElement.setAttribute("data-palette", name);
  }
  function remembered() {
    try { return localStorage.getItem(key); } catch (error) { return null; }
  }

  switches.hidden = false;
  switches.addEventListener("change", (event) => {
    show(event.target.value);
    try { localStorage.setItem(key, event.target.value); } catch (error) { /* private windows have no storage */ }
  });
  const chosen = Array.from(switches.querySelectorAll("input")).find((input) => input.value === remembered());
  if (chosen) { chosen.checked = true; show(chosen.value); }
})();
