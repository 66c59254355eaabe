/* Report: what the reader's own threshold and prior make of all pairs, by the distances of the explorer's index. */
(function () {
  "use strict";
  const { belief, chunks, beliefTable } = window.whyface;
  const part = document.getElementById("belief");
  const progress = document.getElementById("belief-progress");
  const KINDS = { "true-match": "genuine", "false-non-match": "genuine", "false-match": "impostor", "true-non-match": "impostor" };
  const LISTED = 25;
  let kinds = null; // by kind: its pairs, closest first
  let loading = false;

  function sorted(loaded) {
    const found = { genuine: [], impostor: [], unlabelled: [] };
    for (const chunk of loaded) {
      chunk.distance.forEach((distance, i) => {
        const kind = KINDS[chunk.outcome.values[chunk.outcome.codes[i]]] || "unlabelled";
        if (!Number.isNaN(distance)) found[kind].push({ chunk, i, distance, isGenuine: kind === "genuine" });
      });
    }
    for (const pairs of Object.values(found)) pairs.sort((a, b) => a.distance - b.distance);
    return found;
  }

  async function load() {
    loading = true;
    progress.textContent = "Loading the distances …";
    try {
      await chunks.index(part.dataset.root);
      const { model, dataset } = belief.facts;
      const wanted = chunks.wanted(new URLSearchParams({ model, dataset }));
      kinds = sorted(await Promise.all(wanted.map((one) => chunks.load(part.dataset.root, one))));
      progress.textContent = "";
      restate();
    } catch (error) {
      progress.textContent = "The distances could not be loaded.";
    }
    loading = false;
  }

  /* How many of some pairs, closest first, are called same. */
  function called(pairs) {
    let [low, high] = [0, pairs.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (belief.decision(pairs[middle].distance) === "same") low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /* The errors that lie furthest beyond the threshold: genuine pairs that are far apart, impostors that are close. */
  function worst(genuine, impostor) {
    const beyond = ({ distance }) => Math.abs(distance - belief.threshold());
    const far = kinds.genuine.slice(Math.max(genuine, kinds.genuine.length - LISTED));
    return [...far, ...kinds.impostor.slice(0, Math.min(impostor, LISTED))].sort((a, b) => beyond(b) - beyond(a)).slice(0, LISTED);
  }

  function restate() {
    const count = (of) => Object.fromEntries(Object.entries(kinds).map(([kind, pairs]) => [kind, of(pairs)]));
    const [same, all] = [count(called), count((pairs) => pairs.length)];
    beliefTable.draw(same, all, worst(same.genuine, same.impostor));
    carry();
  }

  /* Links to pairs and to the explorer carry the reader's threshold and prior. */
  function carry() {
    for (const link of document.querySelectorAll('main a[href*="/p/"], main a[href*="explore.html#"]')) {
      const [page, state] = link.getAttribute("href").split("#"); // relative, as it was
      const next = String(belief.write(new URLSearchParams(state)));
      link.setAttribute("href", next ? page + "#" + next : page);
    }
  }

  document.addEventListener("whyface:belief", () => {
    carry();
    if (kinds) restate();
    else if (belief.isChanged() && !loading) load();
  });
})();
