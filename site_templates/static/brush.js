/* Makes the histogram of distances a filter: drag across it, click a bar, or move its two handles. */
(function () {
  "use strict";
  const whyface = (window.whyface = window.whyface || {});

  /* Calls `choose(range, gesture)` with each new range; a null end is open, a gesture is one drag or moves of one handle. */
  whyface.brush = function (figure, choose) {
    const histogram = whyface.histogram;
    const svg = figure.querySelector("svg");
    const [low, high] = figure.querySelectorAll("input");
    let shown = null; /* what draw last got */
    let drag = null; /* the first and last bar of a drag */
    let drags = 0;

    function barAt(event) {
      const box = svg.getBoundingClientRect();
      const share = (event.clientX - box.left - histogram.SIDE) / (box.width - 2 * histogram.SIDE);
      return Math.min(Math.max(Math.floor(share * shown.scale.bars), 0), shown.scale.bars - 1);
    }

    /* The range of the bars dragged across. A click chooses one bar, or clears it if it was chosen already. */
    function dragTo(bar) {
      const [first, last] = [Math.min(drag.from, bar), Math.max(drag.from, bar)];
      const range = [shown.scale.edges[first], shown.scale.edges[last + 1]];
      drag.moved = drag.moved || first !== last;
      drag.to = bar;
      choose(!drag.moved && String(drag.before) === String(range) ? [null, null] : range, "drag " + drags);
    }

    svg.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) { return; }
      const bar = barAt(event);
      drag = { from: bar, to: bar, before: shown.range, moved: false };
      drags++;
      svg.setPointerCapture(event.pointerId);
    });
    svg.addEventListener("pointermove", (event) => {
      if (drag && barAt(event) !== drag.to) { dragTo(barAt(event)); }
    });
    svg.addEventListener("pointerup", (event) => {
      if (drag && !drag.moved) { dragTo(barAt(event)); }
      drag = null;
    });
    svg.addEventListener("pointercancel", () => { drag = null; });

    /* A handle stands on an edge between bars; at the outermost edge its end is open. */
    function moved(handle) {
      const { bars, edges } = shown.scale;
      const edge = (place, open) => (place === open ? null : edges[place]);
      if (handle === low) {
        low.value = Math.min(low.value, high.value - 1);
        shown.range = [edge(Number(low.value), 0), shown.range[1]];
      } else {
        high.value = Math.max(high.value, Number(low.value) + 1);
        shown.range = [shown.range[0], edge(Number(high.value), bars)];
      }
      choose(shown.range, handle.name); /* kept already: the other handle may move before this is drawn */
    }
    low.addEventListener("input", () => moved(low));
    high.addEventListener("input", () => moved(high));

    function place(handle, end, open) {
      const { bars, edges, width } = shown.scale;
      handle.max = bars;
      handle.value = end === null ? open : Math.round((end - edges[0]) / width);
      handle.setAttribute("aria-valuetext", edges[handle.value] + (end === null ? ", open" : ""));
    }

    function draw(scale, tally, range, thresholds) {
      shown = { scale, tally, range, thresholds };
      figure.hidden = false;
      histogram.draw(svg, scale, tally, range, thresholds);
      place(low, range[0], 0);
      place(high, range[1], scale.bars);
    }

    window.addEventListener("resize", () => { if (shown) { draw(...Object.values(shown)); } });
    return { draw };
  };
})();
