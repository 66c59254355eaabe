/* Which pairs a state of the explorer selects, in order. A state is the URLSearchParams of the explorer's address. */
(function () {
  "use strict";
  const whyface = (window.whyface = window.whyface || {});
  const of = (column) => (shard, i) => shard[column].values[shard[column].codes[i]];
  /* What a column is sorted by. Where many pairs are equally sure, they go by how far they are from the threshold. */
  const KEYS = {
    pair_id: [(shard, i) => Number(shard.pair_id[i])],
    dataset: [(shard) => shard.evaluation.titles.dataset],
    model: [(shard) => shard.evaluation.titles.model],
    decision: [of("decision")],
    outcome: [of("outcome")],
    distance: [(shard, i) => shard.distance[i]],
    confidence: [(shard, i) => shard.confidence[i], (shard, i) => shard.margin[i]],
    fold: [of("fold")],
  };

  /* Compares pair i of a shard with pair j of another; what has no value comes last in either direction. */
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

  /* A shard's pairs in order, sorted once: a filter only walks through them. */
  function ordered(shard, sort) {
    if (!shard.orders.has(sort)) {
      const compare = comparison(sort);
      const order = Uint32Array.from(shard.distance.keys());
      shard.orders.set(sort, sort ? order.sort((i, j) => compare(shard, i, shard, j) || i - j) : order);
    }
    return shard.orders.get(sort);
  }

  /* Selects pairs of some shards; `see(outcome, distance, inside)` hears of all that but their distance may exclude. */
  function select(shards, state, see) {
    const sort = state.get("sort") || "";
    const inRange = whyface.filters.inRange(state);
    const parts = shards.map((shard) => {
      const tests = whyface.filters.tests(state, shard);
      const hits = new Uint32Array(shard.distance.length);
      let count = 0;
      for (const i of ordered(shard, sort)) {
        if (!tests.every((test) => test(i))) { continue; }
        const inside = inRange(shard.distance[i]);
        if (see) { see(of("outcome")(shard, i), shard.distance[i], inside); }
        if (inside) { hits[count++] = i; }
      }
      return { shard, hits: hits.subarray(0, count) };
    });
    const count = parts.reduce((sum, part) => sum + part.hits.length, 0);
    return { count, rows: (from, to) => merge(parts, comparison(sort), from, to) };
  }

  /* Rows from one place to another, as shard and number: merges the shards only as far as these. */
  function merge(parts, compare, from, to) {
    const rows = [];
    const heads = parts.map((part) => ({ ...part, next: 0 }));
    const first = (best, head) =>
      (!best || compare(head.shard, head.hits[head.next], best.shard, best.hits[best.next]) < 0 ? head : best);
    for (let place = 0; place < to; place++) {
      const head = heads.filter((one) => one.next < one.hits.length).reduce(first, null);
      if (!head) { break; }
      if (place >= from) { rows.push([head.shard, head.hits[head.next]]); }
      head.next++;
    }
    return rows;
  }

  /* A pair's page, from the site's root. */
  function page(shard, i) {
    const id = shard.pair_id[i];
    return shard.evaluation.path + "/p/" + (id.slice(0, -3) || "0") + "/" + id + "/index.html";
  }

  /* Loads what a state asks for; gives its pairs in order. Needs shards.js and filters.js; `root` leads to the site's root. */
  async function load(root, state) {
    await whyface.shards.index(root);
    const shards = await Promise.all(whyface.shards.wanted(state).map((part) => whyface.shards.load(root, part)));
    return select(shards, state).rows(0, Infinity).map(([shard, i]) => {
      const { model, dataset } = shard.evaluation;
      return { model, dataset, pair_id: shard.pair_id[i], page: page(shard, i) };
    });
  }

  whyface.selection = { select, page, load };
})();
