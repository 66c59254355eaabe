/* The explorer's filters: each belongs to a key of the page's address and makes a test of a chunk's pairs by number. */
(function () {
  "use strict";
  const whyface = (window.whyface = window.whyface || {});
  const isWrong = (key) => window.WHYFACE_INDEX.outcomes.some((outcome) => outcome.key === key && outcome.right === false);

  function coded(column, accepts) {
    const accepted = column.values.map(accepts);
    return (i) => accepted[column.codes[i]];
  }

  const atLeast = (low, value) => (i) => value(i) >= low;
  const atMost = (high, value) => (i) => value(i) <= high;

  const FILTERS = {
    outcome: (wanted, chunk) => coded(chunk.outcome, (key) => key === wanted || (wanted === "errors" && isWrong(key))),
    fold: (wanted, chunk) => coded(chunk.fold, (fold) => String(fold) === wanted),
    maps: (wanted, chunk) => coded(chunk.maps, Boolean),
    turned: (wanted, chunk) => coded(chunk.turned, Boolean),
    known: (wanted, chunk) => coded(chunk.known_label_error, Boolean),
    confidence_min: (wanted, chunk) => atLeast(wanted / 100, (i) => chunk.confidence[i]),
    confidence_max: (wanted, chunk) => atMost(wanted / 100, (i) => chunk.confidence[i]),
    text: (wanted, chunk) => {
      const has = (name) => name.toLowerCase().includes(wanted.toLowerCase());
      const images = chunk.images.map(has);
      const errors = coded(chunk.known_label_error, has);
      return (i) => images[chunk.a[i]] || images[chunk.b[i]] || errors(i) || chunk.pair_id[i].includes(wanted);
    },
  };

  /* Filters of group columns: the key is the kind, a dot and the column's name. A missing value fails every test. */
  const GROUP_FILTERS = {
    group: (wanted, value) => (i) => String(value(i) ?? "") === wanted,
    from: (wanted, value) => atLeast(Number(wanted), (i) => Number(value(i) ?? NaN)),
    to: (wanted, value) => atMost(Number(wanted), (i) => Number(value(i) ?? NaN)),
  };

  function ofGroup(key, wanted, chunk) {
    const [kind, name] = [key.split(".", 1)[0], key.slice(key.indexOf(".") + 1)];
    if (!key.includes(".") || !Object.hasOwn(GROUP_FILTERS, kind)) { return null; }
    const column = chunk.groups.get(name) || [];
    const value = column.codes ? (i) => column.values[column.codes[i]] : (i) => column[i];
    return GROUP_FILTERS[kind](wanted, value);
  }

  /* The tests that a state asks for, except distance: the histogram also shows pairs outside its chosen range. */
  function tests(state, chunk) {
    const used = Array.from(state).filter(([, wanted]) => wanted !== "");
    return used.map(([key, wanted]) =>
      Object.hasOwn(FILTERS, key) ? FILTERS[key](wanted, chunk) : ofGroup(key, wanted, chunk)).filter(Boolean);
  }

  /* Whether a distance is in the range of a state: its upper end is excluded, as "same" is below the threshold. */
  function inRange(state) {
    const [low, high] = ["distance_min", "distance_max"].map((key) => (state.get(key) ? Number(state.get(key)) : null));
    return (distance) => (low === null || distance >= low) && (high === null || distance < high);
  }

  whyface.filters = { tests, inRange };
})();
