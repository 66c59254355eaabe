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
  const folder = (shard, i) => whyface.selection.page(shard, i).replace(/index\.html$/, "");

  /* The name of a file, which breaks behind its folders before it breaks anywhere else. */
  const fileName = (name) => element("bdi", {}, ...name.split(/(?<=\/)/).flatMap((part) => [part, element("wbr", {})]));

  /* A face and its image's name; with `maps` the map of its side over it, or alone where faces are not published. */
  function face(shard, i, side, maps) {
    const row = shard.faces[shard[side][i]];
    const of = side.toUpperCase() + " of pair " + shard.pair_id[i];
    const images = [];
    if (row >= 0 && shard.evaluation.faces) {
      const src = shard.evaluation.faces + Math.floor(row / 1000) + "/" + row + ".webp";
      images.push(element("img", { src, alt: "Face " + of, loading: "lazy" }));
    }
    if (row >= 0 && maps && value(shard.maps, i)) {
      const alt = images.length ? "" : "Map over face " + of;
      images.push(element("img", { src: folder(shard, i) + side + ".webp", alt, class: "map", loading: "lazy" }));
    }
    const stack = images.length ? [element("span", { class: images[0].className ? "stack plain" : "stack" }, ...images)] : [];
    return element("span", {}, ...stack, fileName(shard.images[shard[side][i]]));
  }

  /* As the pair pages write it: no surer than the pairs it was fitted on can support. */
  function probability(shard, i) {
    const [confidence, least] = [shard.confidence[i], shard.evaluation.least[value(shard.fold, i) ?? "None"]];
    if (Number.isNaN(confidence)) { return "–"; }
    const sign = confidence < least ? "< " : confidence > 1 - least ? "> " : "";
    return sign + percent(Math.min(Math.max(confidence, least), 1 - least));
  }

  /* What is not 1 is never rounded up to 100 %. */
  const percent = (share) => Math.min(100 * share, share < 1 ? 99.9 : 100).toFixed(1) + " %";

  function outcome(shard, i) {
    const key = value(shard.outcome, i);
    const name = window.WHYFACE_INDEX.outcomes.find((one) => one.key === key).name;
    const error = value(shard.known_label_error, i);
    const flag = error ? [" ", element("span", { class: "flag", title: error }, "Known label error")] : [];
    return element("td", {}, element("span", { class: "outcome " + key }, name), ...flag);
  }

  const number = (name, text) => element("td", { class: "number", "data-name": name }, text);
  const title = (key) => (shard) => element("td", {}, element("bdi", {}, shard.evaluation.titles[key]));

  const CELLS = {
    pair_id: (shard, i, { back }) =>
      element("th", { scope: "row" }, element("a", { href: whyface.selection.page(shard, i) + back }, shard.pair_id[i])),
    faces: (shard, i, { maps }) => element("td", { class: "faces" }, face(shard, i, "a", maps), face(shard, i, "b", maps)),
    dataset: title("dataset"),
    model: title("model"),
    decision: (shard, i) => element("td", {}, value(shard.decision, i) || "none"),
    outcome,
    distance: (shard, i) => number("distance", Number.isNaN(shard.distance[i]) ? "–" : shard.distance[i].toFixed(3)),
    confidence: (shard, i) => number("confidence", probability(shard, i)),
    fold: (shard, i) => number("fold", String(value(shard.fold, i) ?? "none")),
  };

  /* The row of pair i of a shard; `view` says whether with maps, and how the pair's page leads back. */
  const row = (shard, i, keys, view) => element("tr", {}, ...keys.map((key) => CELLS[key](shard, i, view)));

  whyface.pairRow = row;
})();
