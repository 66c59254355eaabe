/* The explorer's table: its head sorts, its rows are pairs, 25 a page. */
(function () {
  "use strict";
  const whyface = (window.whyface = window.whyface || {});
  const PAGE = 25;

  /* `change` applies changes of the state. */
  whyface.pairTable = function (table, pager, change) {
    const heads = Array.from(table.querySelectorAll("th"));
    const [before, place, after] = pager.children;
    let page = 1;

    function makeSortable(head) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () =>
        change({ sort: (head.getAttribute("aria-sort") === "ascending" ? "-" : "") + head.dataset.key }));
    }

    function showSort(sort) {
      for (const head of heads) {
        const here = sort.replace(/^-/, "") === head.dataset.key;
        if (here) { head.setAttribute("aria-sort", sort.startsWith("-") ? "descending" : "ascending"); } else { head.removeAttribute("aria-sort"); }
      }
    }

    function turn(step) {
      change({ page: String(page + step) });
      table.scrollIntoView();
    }

    function draw(selected, state) {
      const pages = Math.max(1, Math.ceil(selected.count / PAGE));
      page = Math.min(Math.max(1, Math.floor(Number(state.get("page"))) || 1), pages);
      const view = { maps: state.get("show") === "maps", back: String(state) && "#in=" + encodeURIComponent(String(state)) };
      const keys = heads.map((head) => head.dataset.key);
      const rows = selected.rows((page - 1) * PAGE, page * PAGE).map(([chunk, i]) => whyface.pairRow(chunk, i, keys, view));
      table.tBodies[0].replaceChildren(...rows);
      showSort(state.get("sort") || "");
      pager.hidden = pages === 1;
      place.textContent = "page " + page.toLocaleString("en") + " of " + pages.toLocaleString("en");
      before.disabled = page === 1;
      after.disabled = page === pages;
    }

    heads.filter((head) => head.dataset.key !== "faces").forEach(makeSortable);
    before.addEventListener("click", () => turn(-1));
    after.addEventListener("click", () => turn(1));
    return { draw };
  };
})();
