/* The explorer's filter form, with a field for each key of the state, and its ready views. */
(function () {
  "use strict";
  const whyface = (window.whyface = window.whyface || {});
  const KEPT = ["dataset", "model", "show"]; /* keys that a ready view does not change */

  /* `change` applies changes of the state; typing in one field is one gesture. */
  whyface.filterForm = function (form, change) {
    const fields = Array.from(form.elements).filter((field) => field.name);
    const groups = Array.from(form.querySelectorAll("[data-datasets]"));

    function draw(state) {
      for (const field of fields) {
        const value = state.get(field.name) || "";
        const typing = field === document.activeElement && Number(field.value) === Number(value);
        if (field.type === "checkbox") { field.checked = value !== ""; } else if (!typing) { field.value = value; }
      }
      for (const group of groups) {
        const used = Array.from(group.querySelectorAll("[name]")).some((field) => field.value);
        group.hidden = !used && state.has("dataset") && !group.dataset.datasets.split(" ").includes(state.get("dataset"));
      }
    }

    form.addEventListener("input", ({ target }) => {
      const typed = target.type === "search" || target.type === "number";
      change({ [target.name]: target.type === "checkbox" ? (target.checked ? "1" : "") : target.value }, typed ? target.name : "");
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", (event) => {
      event.preventDefault();
      change(Object.fromEntries([...fields.map((field) => field.name), "distance_min", "distance_max"].map((name) => [name, ""])));
    });
    return { draw };
  };

  /* Links to ready views keep the choice of model and dataset; the current one is marked. */
  whyface.readyViews = function (nav) {
    const links = Array.from(nav.querySelectorAll("a"), (link) => ({ link, query: link.hash.slice(1) }));
    const without = (state, keys) => String(new URLSearchParams(Array.from(state).filter(([key]) => !keys.includes(key))));

    function draw(state) {
      for (const { link, query } of links) {
        const kept = KEPT.filter((key) => state.has(key)).map((key) => [key, state.get(key)]);
        link.href = "#" + new URLSearchParams([...kept, ...new URLSearchParams(query)]);
        if (without(state, [...KEPT, "page"]) === query) { link.setAttribute("aria-current", "true"); } else { link.removeAttribute("aria-current"); }
      }
    }
    return { draw };
  };
})();
