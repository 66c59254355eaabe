/* Pair page: switches between saliency methods and sets how strongly the map is laid over the faces. */
(function () {
  "use strict";
  const form = document.getElementById("switches");
  const note = document.getElementById("method-note");
  const maps = document.querySelectorAll(".pair img.map");

  function showMethod(radio) {
    for (const map of maps) {
      map.src = radio.value + "-" + map.dataset.side + ".png"; // the maps lie beside this page
    }
    note.textContent = radio.value + ": " + radio.dataset.note;
  }

  function update() {
    const chosen = form.querySelector("input[name=method]:checked");
    const strength = form.elements.strength.value;
    showMethod(chosen);
    document.documentElement.style.setProperty("--strength", strength / 100);
    const state = new URLSearchParams({ method: chosen.value, strength: strength });
    history.replaceState(null, "", "#" + state);
  }

  function restore() {
    const state = new URLSearchParams(location.hash.slice(1));
    const radio = Array.from(form.elements.method.length ? form.elements.method : [form.elements.method])
      .find((one) => one.value === state.get("method"));
    if (radio) {
      radio.checked = true;
    }
    if (/^\d{1,3}$/.test(state.get("strength") || "")) {
      form.elements.strength.value = state.get("strength");
    }
    if (radio || state.has("strength")) {
      update();
    }
  }

  form.addEventListener("input", update);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  restore();
})();
