/* Copies the page's address, saves the pair as a PNG, prints it. */
(function () {
  "use strict";
  const told = document.getElementById("told");
  const permalink = document.getElementById("permalink");

  /* The permanent address, with the current switches, without the selection that the page was opened from. */
  function address() {
    const state = new URLSearchParams(location.hash.slice(1));
    state.delete("in");
    return permalink.href.split("#")[0] + (state.toString() ? "#" + state : "");
  }

  async function copy() {
    try {
      await navigator.clipboard.writeText(address());
      told.textContent = "Link copied.";
    } catch (error) {
      told.replaceChildren("Copy this: ", showAddress());
      told.querySelector("input").select();
    }
  }

  /* Where scripts may not copy, the reader can. */
  function showAddress() {
    const field = document.createElement("input");
    field.readOnly = true;
    field.value = address();
    field.setAttribute("aria-label", "Link to this pair");
    return field;
  }

  async function save() {
    const { model, dataset, pair } = document.getElementById("neighbours").dataset;
    told.textContent = "Drawing …";
    try {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await window.whyface.picture.draw());
      link.download = ["whyface", model, dataset, pair].join("-") + ".png";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
      told.textContent = "Saved as " + link.download + ".";
    } catch (error) {
      told.textContent = "The picture could not be made.";
    }
  }

  document.getElementById("copy").addEventListener("click", copy);
  document.getElementById("save").addEventListener("click", save);
  document.getElementById("print").addEventListener("click", () => window.print());
  document.addEventListener("whyface:state", () => (permalink.href = address()));
  document.getElementById("tools").hidden = false;
})();
