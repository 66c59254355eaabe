/* Explorer: which pairs a state of the filters selects, in which order, and the table row of a pair. */
(function () {
  "use strict";
  const data = window.WHYFACE_PAIRS;
  const errors = ["false-match", "false-non-match"];
  const words = data.pair_id.map((id, i) =>
    [id, data.images[data.a[i]], data.images[data.b[i]], data.known_label_error[i]].join("\n").toLowerCase()
  );

  function selects(state) {
    const outcome = state.get("outcome");
    const codes = data.outcomes.map(([key]) => !outcome || key === outcome || (outcome === "errors" && errors.includes(key)));
    const text = (state.get("text") || "").toLowerCase();
    const [low, high] = ["min", "max"].map((end) => (state.get(end) ? Number(state.get(end)) / 100 : null));
    return (i) =>
      codes[data.outcome[i]] &&
      (!state.get("fold") || String(data.fold[i]) === state.get("fold")) &&
      (!state.get("maps") || data.maps[i] === 1) &&
      (!state.get("known") || data.known_label_error[i] !== "") &&
      (low === null || (data.confidence[i] !== null && data.confidence[i] >= low)) &&
      (high === null || (data.confidence[i] !== null && data.confidence[i] <= high)) &&
      (!text || words[i].includes(text));
  }

  /* Indices of the selected pairs; pairs without a value come last in either direction. */
  function select(state) {
    const rows = Array.from(data.pair_id.keys()).filter(selects(state));
    const sort = state.get("sort") || "pair_id";
    const sign = sort.startsWith("-") ? -1 : 1;
    const column = data[sort.replace(/^-/, "")];
    if (!Array.isArray(column)) {
      return rows;
    }
    return rows.sort((i, j) => {
      const [a, b] = [column[i], column[j]];
      if (a === b) { return i - j; }
      if (a === null || b === null) { return a === null ? 1 : -1; }
      return a < b ? -sign : sign;
    });
  }

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) { made.setAttribute(key, value); }
    made.append(...children);
    return made;
  }

  function thumb(image, faces) {
    const row = data.faces[image];
    const src = faces + Math.floor(row / 1000) + "/" + row + ".webp";
    const face = faces && row >= 0 ? [element("img", { src: src, alt: "", loading: "lazy" })] : [];
    return element("span", {}, ...face, element("bdi", {}, data.images[image]));
  }

  /* As the pair pages write it: no surer than the pairs it was fitted on can support. */
  function probability(value, least) {
    if (value === null) return "–";
    const sign = value < least ? "< " : value > 1 - least ? "> " : "";
    return sign + (100 * Math.min(Math.max(value, least), 1 - least)).toFixed(1) + " %";
  }

  function row(i, faces) {
    const id = data.pair_id[i];
    const page = "p/" + (id.slice(0, -3) || "0") + "/" + id + "/index.html";
    const [key, name] = data.outcomes[data.outcome[i]];
    const flag = data.known_label_error[i];
    const number = (label, value) => element("td", { class: "number", "data-name": label }, value);
    const known = flag ? [" ", element("span", { class: "flag", title: flag }, "Known label error")] : [];
    return element("tr", {},
      element("th", { scope: "row" }, element("a", { href: page }, id)),
      element("td", { class: "thumbs" }, thumb(data.a[i], faces), thumb(data.b[i], faces)),
      element("td", {}, data.decision[i] || "none"),
      element("td", {}, element("span", { class: "outcome " + key }, name), ...known),
      number("distance", data.distance[i] === null ? "–" : data.distance[i].toFixed(3)),
      number("confidence", probability(data.confidence[i], data.least[data.fold[i] === null ? "None" : data.fold[i]])),
      number("fold", data.fold[i] === null ? "none" : String(data.fold[i])));
  }

  window.whyfaceTable = { select: select, row: row, total: data.pair_id.length };
})();
