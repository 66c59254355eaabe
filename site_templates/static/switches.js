/* The switches of a pair's page: the address and the storage remember them. */
(function () {
  "use strict";
  const whyface = (window.whyface = window.whyface || {});
  const form = document.getElementById("switches");
  const chosen = () => Object.fromEntries(new FormData(form));
  const defaults = chosen();
  const STORED = "whyface-palette";

  /* Keys of the address other than the switches, such as the selection, stay. */
  function address() {
    return new URLSearchParams(location.hash.slice(1));
  }

  function remembered() {
    try { return localStorage.getItem(STORED); } catch (error) { return null; } // storage may be forbidden
  }

  function remember(palette) {
    try { localStorage.setItem(STORED, palette); } catch (error) { /* private windows have no storage */ }
  }

  /* Set a switch to a value, if it has that value. */
  function set(name, value) {
    for (const input of form.elements) {
      if (input.name !== name) continue;
      if (input.type === "radio" && input.value === value) input.checked = true;
      if (input.type === "range" && /^\d{1,3}$/.test(value)) input.value = value;
    }
  }

  function restore() {
    const state = address();
    for (const [name, value] of Object.entries(defaults)) {
      set(name, state.get(name) || (name === "palette" && remembered()) || value);
    }
  }

  /* The address holds what differs from the defaults. */
  function note() {
    const state = address();
    for (const [name, value] of Object.entries(chosen())) {
      if (value === defaults[name]) state.delete(name);
      else state.set(name, value);
    }
    const hash = state.toString();
    history.replaceState(null, "", hash ? "#" + hash : location.pathname + location.search);
    document.dispatchEvent(new Event("whyface:state"));
  }

  form.addEventListener("input", (event) => { if (event.target.name === "palette") remember(event.target.value); });
  whyface.pair = { chosen, restore, note };
})();
