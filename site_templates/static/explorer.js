/* Explorer: the URL's hash holds the whole state; controls write it, and every change of it redraws the table. */
(function () {
  "use strict";
  const PAGE = 50;
  const table = document.getElementById("pairs");
  const form = document.getElementById("filters");
  const pager = document.getElementById("pager");
  const count = document.getElementById("count");
  const heads = Array.from(table.querySelectorAll("th[data-key]"));
  const state = () => new URLSearchParams(location.hash.slice(1));

  function go(changes, replace) {
    const next = state();
    for (const [key, value] of Object.entries(changes)) {
      if (value) { next.set(key, value); } else { next.delete(key); }
    }
    const hash = "#" + next;
    if (replace) {
      history.replaceState(null, "", hash);
      draw();
    } else {
      location.hash = hash;
    }
  }

  function fields() {
    return Array.from(form.elements).filter((field) => field.name);
  }

  function readForm() {
    const values = { page: "" };
    for (const field of fields()) {
      values[field.name] = field.type === "checkbox" ? (field.checked ? "1" : "") : field.value;
    }
    return values;
  }

  function fillForm(now) {
    for (const field of fields()) {
      if (field === document.activeElement && field.type !== "checkbox") { continue; }
      if (field.type === "checkbox") { field.checked = now.has(field.name); } else { field.value = now.get(field.name) || ""; }
    }
  }

  function showSort(now) {
    const sort = now.get("sort") || "pair_id";
    for (const head of heads) {
      const here = sort.replace(/^-/, "") === head.dataset.key;
      head.setAttribute("aria-sort", here ? (sort.startsWith("-") ? "descending" : "ascending") : "none");
    }
  }

  function draw() {
    const now = state();
    const rows = window.whyfaceTable.select(now);
    const pages = Math.max(1, Math.ceil(rows.length / PAGE));
    const page = Math.min(Math.max(1, Number(now.get("page")) || 1), pages);
    fillForm(now);
    showSort(now);
    const shown = rows.slice((page - 1) * PAGE, page * PAGE);
    table.tBodies[0].replaceChildren(...shown.map((i) => window.whyfaceTable.row(i, table.dataset.faces)));
    count.textContent = rows.length.toLocaleString("en") + " of " + window.whyfaceTable.total.toLocaleString("en") + " pairs";
    count.dataset.selected = rows.length;
    pager.hidden = pages === 1;
    pager.children[0].disabled = page === 1;
    pager.children[1].textContent = "page " + page + " of " + pages;
    pager.children[2].disabled = page === pages;
    pager.dataset.page = page;
  }

  function makeSortable(head) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") === "ascending";
      go({ sort: (up ? "-" : "") + head.dataset.key, page: "" });
    });
  }

  heads.forEach(makeSortable);
  form.addEventListener("input", (event) => go(readForm(), event.target.type === "search" || event.target.type === "number"));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => { location.hash = "#"; });
  pager.addEventListener("click", (event) => {
    const step = Number(event.target.dataset.step);
    if (step) {
      go({ page: String(Number(pager.dataset.page) + step) });
      table.scrollIntoView();
    }
  });
  window.addEventListener("hashchange", draw);
  document.querySelector(".nojs").hidden = true;
  form.hidden = false;
  draw();
})();
