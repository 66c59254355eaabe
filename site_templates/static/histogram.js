/* Histogram of distances: a lane for each kind of pair, labelled, so that nobody needs colours to tell them apart. */
(function () {
  "use strict";
  const whyface = (window.whyface = window.whyface || {});
  const KINDS = { "true-match": "genuine", "false-non-match": "genuine", "false-match": "impostor", "true-non-match": "impostor", unlabelled: "unlabelled" };
  /* In px: height of the thresholds, a lane's name, its bars and the axis; half a handle's width at left and right. */
  const [TOP, NAME, BARS, AXIS, SIDE] = [20, 18, 52, 22, 8];
  const MOST_BARS = 80;

  const step = (span, steps, most) => steps.find((one) => span / one <= most) || steps[steps.length - 1];
  const sum = (counts) => counts.reduce((total, count) => total + count, 0);
  const written = (count) => count.toLocaleString("en");

  /* Bars of equal width with round edges that hold all distances from low to high. */
  function scale(low, high) {
    const width = step(high - low, [0.005, 0.01, 0.02, 0.05], MOST_BARS - 2);
    const first = Math.floor(low / width);
    const bars = Math.floor(high / width) - first + 1;
    const edges = Array.from({ length: bars + 1 }, (_, bar) => Number(((first + bar) * width).toFixed(4)));
    return { bars, edges, width };
  }

  /* Counts pairs by kind and bar, and those inside the chosen range by kind; `see` takes pairs one by one. */
  function tally({ bars, edges, width }) {
    const [counts, inside] = [{}, {}];
    function see(outcome, distance, isInside) {
      const kind = KINDS[outcome];
      if (!kind || Number.isNaN(distance)) { return; }
      let bar = Math.min(Math.max(Math.floor((distance - edges[0]) / width), 0), bars - 1);
      bar += distance >= edges[bar + 1] ? 1 : distance < edges[bar] ? -1 : 0; /* correct for rounding at the edges */
      counts[kind] = counts[kind] || new Uint32Array(bars);
      counts[kind][bar]++;
      inside[kind] = (inside[kind] || 0) + isInside;
    }
    return { counts, inside, see };
  }

  /* Draws a tally into an svg element; `range` and `thresholds` are distances. */
  function draw(svg, { bars, edges }, { counts, inside }, range, thresholds) {
    const width = svg.clientWidth;
    const kinds = ["genuine", "impostor", "unlabelled"].filter((kind) => counts[kind]);
    const bottom = TOP + Math.max(1, kinds.length) * (NAME + BARS);
    const x = (distance) => SIDE + ((distance - edges[0]) / (edges[bars] - edges[0])) * (width - 2 * SIDE);
    const shape = (name, attributes, text) => {
      const made = document.createElementNS(svg.namespaceURI, name);
      for (const [key, value] of Object.entries(attributes)) { made.setAttribute(key, value); }
      made.append(text || "");
      return made;
    };

    function lane(kind, place) {
      const base = TOP + (place + 1) * (NAME + BARS);
      const tallest = Math.max(...counts[kind]);
      const bar = (count, at) => {
        const height = count && Math.max(1.5, (BARS * count) / tallest);
        return count ? `M${x(edges[at])} ${base}v${-height}H${x(edges[at + 1]) - 0.7}V${base}z` : "";
      };
      return [
        shape("path", { d: Array.from(counts[kind], bar).join(""), class: "bars " + kind }),
        shape("path", { d: `M${x(edges[0])} ${base}H${x(edges[bars])}`, class: "axis" }),
      ];
    }

    function name(kind, place) {
      const total = sum(counts[kind]);
      const text = kind + " " + (inside[kind] === total ? "" : written(inside[kind]) + " of ") + written(total);
      return shape("text", { x: SIDE, y: TOP + place * (NAME + BARS) + NAME - 3, class: "lane" }, text);
    }

    function ticks() {
      const apart = step(edges[bars] - edges[0], [0.05, 0.1, 0.2, 0.25], width / 60) * 1000;
      const shown = edges.filter((edge) => Math.round(edge * 1000) % apart === 0);
      return shown.map((edge) => shape("text", { x: x(edge), y: bottom + 16, class: "tick" }, String(edge)));
    }

    function shade(from, to) {
      return shape("rect", { x: x(from), y: TOP, width: Math.max(0, x(to) - x(from)), height: bottom - TOP, class: "outside" });
    }

    function marks() {
      const [low, high] = [Math.min(...thresholds), Math.max(...thresholds)].map((one) => one.toFixed(3));
      const text = low === high ? "threshold " + low : "thresholds " + low + " to " + high;
      const place = x(Number(low)) / width;
      const anchor = place < 0.3 ? "start" : place > 0.7 ? "end" : "middle";
      return [
        ...thresholds.map((one) => shape("path", { d: `M${x(one)} ${TOP}V${bottom}`, class: "threshold" })),
        shape("text", { x: x((Number(low) + Number(high)) / 2), y: TOP - 6, class: "lane", "text-anchor": anchor }, text),
      ];
    }

    const [low, high] = [range[0] ?? edges[0], range[1] ?? edges[bars]].map((end) => Math.min(Math.max(end, edges[0]), edges[bars]));
    svg.setAttribute("height", bottom + AXIS);
    svg.setAttribute("aria-label", "Histogram of distances: " + (kinds.map((kind) => written(inside[kind]) + " " + kind).join(", ") || "no") + " pairs");
    svg.replaceChildren(...kinds.flatMap(lane), ...ticks(), shade(edges[0], low), shade(high, edges[bars]),
      ...kinds.map(name), ...(thresholds.length ? marks() : []));
  }

  whyface.histogram = { scale, tally, draw, SIDE };
})();
