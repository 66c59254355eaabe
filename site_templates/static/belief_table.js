/* Report: counts, error rates and the list of errors under the reader's own threshold and prior. */
(function () {
  "use strict";
  const { belief, beliefWords: words, selection } = window.whyface;
  const find = (id) => document.getElementById(id);
  const nameOf = (key) => window.WHYFACE_INDEX.outcomes.find((one) => one.key === key).name;

  function element(name, attributes, ...children) {
    const made = Object.assign(document.createElement(name), attributes);
    made.append(...children);
    return made;
  }

  const row = (head, value, note) => element("tr", {}, element("th", { scope: "row" }, head),
    element("td", { className: "number" }, value), element("td", { className: "meaning" }, note));

  const outcome = (key, count) => row(element("span", { className: "outcome " + key }, nameOf(key)), words.written(count), "");

  /* No errors among n pairs are no proof of none: at 95 %, the rate is below 3 / n. */
  const atMost = (count, of) => (count ? count / of : Math.min(1, 3 / of));

  function rate(name, errors, of, kind) {
    if (!of) return row(name, "–", "no " + kind + " pairs");
    const share = (errors ? "" : "< ") + words.percent(atMost(errors, of), true);
    return row(name, share, words.written(errors) + " of " + words.written(of) + " " + kind + " pairs");
  }

  function counts(same, all) {
    const rows = [
      outcome("true-match", same.genuine),
      outcome("false-match", same.impostor),
      outcome("true-non-match", all.impostor - same.impostor),
      outcome("false-non-match", all.genuine - same.genuine),
    ];
    const without = row(nameOf("unlabelled"), words.written(all.unlabelled), words.written(same.unlabelled) + " of them called same");
    return all.unlabelled ? [...rows, without] : rows;
  }

  /* How many of some decisions are wrong, if `odds` are those of a pair for which the decision is right. */
  function wrong(decision, errors, ofErrors, hits, ofHits, odds) {
    if (!errors && !hits) return `At this threshold, no labelled pair is called “${decision}”.`;
    if (!ofErrors || !ofHits) return `How many decisions “${decision}” are wrong takes pairs of both kinds.`;
    const share = 1 / (1 + (odds * atMost(hits, ofHits)) / atMost(errors, ofErrors));
    return words.wrong(share, errors ? (hits ? "about" : "more than") : "fewer than", `decisions “${decision}”`) + ".";
  }

  /* A pair's page is named from the site's root. */
  function error({ chunk, i, distance, isGenuine }) {
    const href = find("belief").dataset.root + selection.page(chunk, i);
    const key = isGenuine ? "false-non-match" : "false-match";
    return element("li", {}, element("a", { href }, "Pair " + chunk.pair_id[i]), ` ${nameOf(key).toLowerCase()} at ${distance.toFixed(3)}`);
  }

  /* Draws how many pairs of each kind are called same, how many there are, and the errors to list. */
  function draw(same, all, errors) {
    const [missed, refused] = [all.genuine - same.genuine, all.impostor - same.impostor];
    find("belief-counts").replaceChildren(...counts(same, all), rate("FMR", same.impostor, all.impostor, "impostor"), rate("FNMR", missed, all.genuine, "genuine"));
    find("belief-same").textContent = wrong("same", same.impostor, all.impostor, same.genuine, all.genuine, belief.odds());
    find("belief-different").textContent = wrong("different", missed, all.genuine, refused, all.impostor, 1 / belief.odds());
    const total = missed + same.impostor;
    find("belief-wrong").textContent = words.written(total) + (total === 1 ? " error" : " errors") + " at this threshold" + (total > errors.length ? `, the ${errors.length} furthest beyond it` : total > 1 ? ", furthest beyond it first" : "");
    find("belief-errors").replaceChildren(...errors.map(error));
    find("belief-results").hidden = false;
  }

  /* Only where a slider comes to rest is announced. */
  function say() {
    find("belief-spoken").textContent = [find("belief-wrong"), find("belief-same"), find("belief-different")].map((one) => one.textContent).join(" ");
  }

  find("belief-sliders").addEventListener("change", say);
  find("belief-reset").addEventListener("click", say);
  window.whyface.beliefTable = { draw };
})();
