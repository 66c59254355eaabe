/* The index of all pairs: scripts of at most 50,000 pairs each, loaded on demand and kept as typed arrays. */
(function () {
  "use strict";
  const whyface = (window.whyface = window.whyface || {});
  const received = new Map(); /* columns from the scripts, until unpacked */
  const loading = new Map(); /* by address: the promise of a script */
  const unpacked = new Map(); /* by "model/dataset/number" */

  whyface.pairs = (path, number, columns) => received.set(path + "/" + number, columns);

  function script(address) {
    if (!loading.has(address)) {
      loading.set(address, new Promise((resolve, reject) => {
        const element = document.createElement("script");
        element.src = address;
        element.onload = () => { element.remove(); resolve(); };
        element.onerror = () => { element.remove(); loading.delete(address); reject(new Error("could not load " + address)); };
        document.head.append(element);
      }));
    }
    return loading.get(address);
  }

  async function index(root) {
    if (!window.WHYFACE_INDEX) { await script(root + "index.js"); }
    return window.WHYFACE_INDEX;
  }

  /* The evaluations that a state asks for. */
  function evaluations(state) {
    const matches = (entry, key) => !state.get(key) || state.get(key) === entry[key];
    return window.WHYFACE_INDEX.evaluations.filter((entry) => matches(entry, "model") && matches(entry, "dataset"));
  }

  /* The chunks of these evaluations, in order; `chunk` is undefined until it is loaded. */
  function wanted(state) {
    return evaluations(state).flatMap((evaluation) =>
      Array.from({ length: evaluation.chunks }, (_, number) => {
        const key = evaluation.path + "/" + number;
        return { evaluation, number, key, chunk: unpacked.get(key) };
      }));
  }

  const numbers = (column) => Float64Array.from(column, (value) => (value === null ? NaN : value));
  const coded = (column) => ({ values: column.values, codes: Uint16Array.from(column.codes) });

  function unpack({ evaluation, number }, columns) {
    const distance = numbers(columns.distance);
    const threshold = coded(columns.threshold);
    const groups = Object.entries(columns.groups).map(([name, column]) => [name, Array.isArray(column) ? numbers(column) : coded(column)]);
    return {
      evaluation, number, distance, threshold,
      confidence: numbers(columns.confidence),
      margin: distance.map((value, i) => Math.abs(value - threshold.values[threshold.codes[i]])),
      pair_id: columns.pair_id.split(" "),
      images: columns.images,
      faces: columns.faces,
      a: Uint32Array.from(columns.a),
      b: Uint32Array.from(columns.b),
      fold: coded(columns.fold),
      decision: coded(columns.decision),
      outcome: coded(columns.outcome),
      known_label_error: coded(columns.known_label_error),
      maps: coded(columns.maps),
      turned: coded(columns.turned),
      patch: coded(columns.patch),
      flip_margin: coded(columns.flip_margin),
      groups: new Map(groups),
      orders: new Map(), /* by sort key: its pairs in order, made on demand */
    };
  }

  async function load(root, part) {
    if (!unpacked.has(part.key)) {
      await script(root + part.evaluation.path + "/pairs-" + part.number + ".js");
      if (!unpacked.has(part.key)) { unpacked.set(part.key, unpack(part, received.get(part.key))); }
      received.delete(part.key);
    }
    return unpacked.get(part.key);
  }

  whyface.chunks = { index, evaluations, wanted, load };
})();
