/* Explorer: controls change the state in the address, and each change redraws the page. */
(async function () {
  "use strict";
  const whyface = window.whyface;
  const find = (id) => document.getElementById(id);
  const [count, progress, showMaps] = [find("count"), find("progress"), find("show-maps")];
  const failed = new Set(); /* chunks that could not be loaded */
  const address = whyface.address(redraw);
  const change = (changes, gesture) => address.change({ page: "", ...changes }, gesture);
  const form = whyface.filterForm(find("filters").querySelector("form"), change);
  const views = whyface.readyViews(find("views"));
  const table = whyface.pairTable(find("pairs"), find("pager"), change);
  const brush = whyface.brush(find("brush"), ([low, high], gesture) =>
    change({ distance_min: String(low ?? ""), distance_max: String(high ?? "") }, gesture));
  let drawing = 0;
  let loading = false;

  function redraw() {
    drawing = drawing || requestAnimationFrame(draw);
    load();
  }

  /* Loads what the state wants, chunk by chunk; a change of the state changes what comes next. */
  async function load() {
    const missing = () => whyface.chunks.wanted(address.state).find((part) => !part.chunk && !failed.has(part.key));
    if (loading) { return; }
    loading = true;
    for (let part = missing(); part; part = missing()) {
      await whyface.chunks.load("", part).catch(() => failed.add(part.key));
      drawing = drawing || requestAnimationFrame(draw);
    }
    loading = false;
  }

  function draw() {
    drawing = 0;
    const parts = whyface.chunks.wanted(address.state);
    const selected = select(parts.map((part) => part.chunk).filter(Boolean));
    form.draw(address.state);
    views.draw(address.state);
    table.draw(selected, address.state);
    drawCount(selected, parts);
    if (showMaps) { showMaps.checked = address.state.get("show") === "maps"; }
  }

  /* Selects pairs and, on the way, counts what the histogram shows: also what lies beyond its own range. */
  function select(chunks) {
    const ends = whyface.chunks.evaluations(address.state).flatMap((one) => one.distances || []);
    if (!ends.length) { return whyface.selection.select(chunks, address.state); }
    const scale = whyface.histogram.scale(Math.min(...ends), Math.max(...ends));
    const tally = whyface.histogram.tally(scale);
    const selected = whyface.selection.select(chunks, address.state, tally.see);
    const range = ["distance_min", "distance_max"].map((key) => (address.state.get(key) ? Number(address.state.get(key)) : null));
    const sameModelAndDataset = new Set(chunks.map((chunk) => chunk.evaluation)).size === 1;
    const thresholds = sameModelAndDataset ? new Set(chunks.flatMap((chunk) => chunk.threshold.values)) : [];
    brush.draw(scale, tally, range, Array.from(thresholds));
    return selected;
  }

  function drawCount(selected, parts) {
    const written = (number) => number.toLocaleString("en");
    const all = whyface.chunks.evaluations(address.state).reduce((sum, one) => sum + one.pairs, 0);
    const loaded = parts.reduce((sum, { chunk }) => sum + (chunk ? chunk.distance.length : 0), 0);
    const lost = parts.filter((part) => failed.has(part.key)).length;
    const soFar = loaded === all ? "" : lost ? "; " + lost + " of the index's files could not be loaded" : ", so far";
    count.textContent = written(selected.count) + " of " + written(all) + " pairs" + soFar;
    Object.assign(count.dataset, { selected: selected.count, loaded, all });
    progress.hidden = loaded === all;
    progress.value = loaded / all;
  }

  if (showMaps) { showMaps.addEventListener("input", () => address.change({ show: showMaps.checked ? "maps" : "" })); }
  await whyface.chunks.index("");
  find("explorer").hidden = false;
  find("filters").open = window.matchMedia("(min-width: 60rem)").matches;
  redraw();
})();
