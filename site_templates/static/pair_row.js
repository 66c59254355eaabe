/* A row of the explorer's table: a cell for each of its columns. */
(function () {
  "use strict";
  const whyface = (window.whyface = window.whyface || {});

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) { made.setAttribute(key, value); }
    made.append(...children);
    return made;
  }

  const value = (column, i) => column.values[column.codes[i]];
  const folder = (chunk, i) => whyface.selection.page(chunk, i).replace(/index\.html$/, "");

  /* A file's name, which wraps after its folders first. */
  const fileName = (name) => element("bdi", {}, ...name.split(/(?<=\/)/).flatMap((part) => [part, element("wbr", {})]));

  /* A face and its image's name; with `maps`, its map over it, or the map alone where faces are not published. */
  function face(chunk, i, side, maps) {
    const row = chunk.faces[chunk[side][i]];
    const of = side.toUpperCase() + " of pair " + chunk.pair_id[i];
    const images = [];
    if (row >= 0 && chunk.evaluation.faces) {
      const src = chunk.evaluation.faces + Math.floor(row / 1000) + "/" + row + ".webp";
      images.push(element("img", { src, alt: "Face " + of, loading: "lazy" }));
    }
    if (row >= 0 && maps && value(chunk.maps, i)) {
      const alt = images.length ? "" : "Map over face " + of;
      images.push(element("img", { src: folder(chunk, i) + side + ".webp", alt, class: "map", loading: "lazy" }));
    }
    const stack = images.length ? [element("span", { class: images[0].className ? "stack plain" : "stack" }, ...images)] : [];
    return element("span", {}, ...stack, fileName(chunk.images[chunk[side][i]]));
  }

  /* As on the pair pages: no surer than the pairs behind the fit support. */
  function probability(chunk, i) {
    const [confidence, { genuine, impostor }] = [chunk.confidence[i], chunk.evaluation.support[value(chunk.fold, i) ?? "None"]];
    if (Number.isNaN(confidence)) { return "–"; }
    const [below, above] = value(chunk.decision, i) === "same" ? [genuine, impostor] : [impostor, genuine];
    const [low, high] = [1 / (below + 1), above / (above + 1)];
    const sign = confidence < low ? "< " : confidence > high ? "> " : "";
    return sign + percent(Math.min(Math.max(confidence, low), high));
  }

  /* Only 1 is written as 100 %. */
  const percent = (share) => Math.min(100 * share, share < 1 ? 99.9 : 100).toFixed(1) + " %";

  function outcome(chunk, i) {
    const key = value(chunk.outcome, i);
    const name = window.WHYFACE_INDEX.outcomes.find((one) => one.key === key).name;
    const error = value(chunk.known_label_error, i);
    const flag = error ? [" ", element("span", { class: "flag", title: error }, "Known label error")] : [];
    return element("td", {}, element("span", { class: "outcome " + key }, name), ...flag);
  }

  const number = (name, text) => element("td", { class: "number", "data-name": name }, text);
  const title = (key) => (chunk) => element("td", {}, element("bdi", {}, chunk.evaluation.titles[key]));

  const CELLS = {
    pair_id: (chunk, i, { back }) => {
      const [page, id] = [whyface.selection.page(chunk, i), chunk.pair_id[i]];
      return element("th", { scope: "row" }, page ? element("a", { href: page + back }, id) : id);
    },
    faces: (chunk, i, { maps }) => element("td", { class: "faces" }, face(chunk, i, "a", maps), face(chunk, i, "b", maps)),
    dataset: title("dataset"),
    model: title("model"),
    decision: (chunk, i) => element("td", {}, value(chunk.decision, i) || "none"),
    outcome,
    distance: (chunk, i) => number("distance", Number.isNaN(chunk.distance[i]) ? "–" : chunk.distance[i].toFixed(3)),
    confidence: (chunk, i) => number("confidence", probability(chunk, i)),
    patch: (chunk, i) => element("td", { "data-name": "turned by" }, value(chunk.patch, i) ?? "–"),
    fold: (chunk, i) => number("fold", String(value(chunk.fold, i) ?? "none")),
  };

  /* The row of pair i of a chunk; `view` says whether to show maps, and how the pair's page leads back. */
  const row = (chunk, i, keys, view) => element("tr", {}, ...keys.map((key) => CELLS[key](chunk, i, view)));

  whyface.pairRow = row;
})();
