/* Which pairs a state of the explorer selects, in order. A state is the URLSearchParams of the explorer's address. */
(function () {
  "use strict";
  const whyface = (window.whyface = window.whyface || {});
  const of = (column) => (chunk, i) => chunk[column].values[chunk[column].codes[i]];
  /* What a column is sorted by. Ties in confidence are sorted by distance from the threshold. */
  const KEYS = {
    pair_id: [(chunk, i) => Number(chunk.pair_id[i])],
    dataset: [(chunk) => chunk.evaluation.titles.dataset],
    model: [(chunk) => chunk.evaluation.titles.model],
    decision: [of("decision")],
    outcome: [of("outcome")],
    distance: [(chunk, i) => chunk.distance[i]],
    confidence: [(chunk, i) => chunk.confidence[i], (chunk, i) => chunk.margin[i]],
    fold: [of("fold")],
    patch: [of("flip_margin")], /* smaller: closer to turning */
  };

  /* Compares pair i of a chunk with pair j of another; pairs without a value come last in either direction. */
  function comparison(sort) {
    const sign = sort.startsWith("-") ? -1 : 1;
    const name = sort.replace(/^-/, "");
    const keys = Object.hasOwn(KEYS, name) ? KEYS[name] : [];
    const lacks = (value) => value === null || Number.isNaN(value);
    return (one, i, other, j) => {
      for (const key of keys) {
        const a = key(one, i);
        const b = key(other, j);
        if (a === b || (lacks(a) && lacks(b))) { continue; }
        if (lacks(a) || lacks(b)) { return lacks(a) ? 1 : -1; }
        return a < b ? -sign : sign;
      }
      return 0;
    };
  }

  /* A chunk's pairs in order, sorted once: a filter only walks through them. */
  function ordered(chunk, sort) {
    if (!chunk.orders.has(sort)) {
      const compare = comparison(sort);
      const order = Uint32Array.from(chunk.distance.keys());
      chunk.orders.set(sort, sort ? order.sort((i, j) => compare(chunk, i, chunk, j) || i - j) : order);
    }
    return chunk.orders.get(sort);
  }

  /* Selects pairs of some chunks; `see(outcome, distance, inside)` is called for all that pass every test but distance. */
  function select(chunks, state, see) {
    const sort = state.get("sort") || "";
    const inRange = whyface.filters.inRange(state);
    const parts = chunks.map((chunk) => {
      const tests = whyface.filters.tests(state, chunk);
      const hits = new Uint32Array(chunk.distance.length);
      let count = 0;
      for (const i of ordered(chunk, sort)) {
        if (!tests.every((test) => test(i))) { continue; }
        const inside = inRange(chunk.distance[i]);
        if (see) { see(of("outcome")(chunk, i), chunk.distance[i], inside); }
        if (inside) { hits[count++] = i; }
      }
      return { chunk, hits: hits.subarray(0, count) };
    });
    const count = parts.reduce((sum, part) => sum + part.hits.length, 0);
    return { count, rows: (from, to) => merge(parts, comparison(sort), from, to) };
  }

  /* The rows between two places, as chunk and number; merges the chunks no further. */
  function merge(parts, compare, from, to) {
    const rows = [];
    const heads = parts.map((part) => ({ ...part, next: 0 }));
    const first = (best, head) =>
      (!best || compare(head.chunk, head.hits[head.next], best.chunk, best.hits[best.next]) < 0 ? head : best);
    for (let place = 0; place < to; place++) {
      const head = heads.filter((one) => one.next < one.hits.length).reduce(first, null);
      if (!head) { break; }
      if (place >= from) { rows.push([head.chunk, head.hits[head.next]]); }
      head.next++;
    }
    return rows;
  }

  /* A pair's page, from the site's root; null if it has none, as on a site of very many pairs those without maps. */
  function page(chunk, i) {
    const id = chunk.pair_id[i];
    if (!chunk.evaluation.pages_for_all && !of("maps")(chunk, i)) { return null; }
    return chunk.evaluation.path + "/p/" + (id.slice(0, -3) || "0") + "/" + id + "/index.html";
  }

  /* Loads what a state asks for; returns its pairs that have pages, in order. Needs chunks.js and filters.js; `root` leads to the site's root. */
  async function load(root, state) {
    await whyface.chunks.index(root);
    const chunks = await Promise.all(whyface.chunks.wanted(state).map((part) => whyface.chunks.load(root, part)));
    return select(chunks, state).rows(0, Infinity).map(([chunk, i]) => {
      const { model, dataset } = chunk.evaluation;
      return { model, dataset, pair_id: chunk.pair_id[i], page: page(chunk, i) };
    }).filter((pair) => pair.page);
  }

  whyface.selection = { select, page, load };
})();
