/* Pair page: what the pair's distance means under the reader's own threshold and prior. */
(function () {
  "use strict";
  const { belief, beliefWords: words } = window.whyface;
  const find = (id) => document.getElementById(id);
  const { distance, llr, support } = belief.facts;
  const { own, decision: protocols } = find("belief-decision").dataset;

  function decide(decision) {
    const other = decision === protocols ? "also says" : "says";
    return belief.isOwn("threshold")
      ? `At ${belief.threshold().toFixed(3)}, the model says “${decision}”; at the protocol's threshold for this pair, ${own}, it ${other} “${protocols}”.`
      : `At the protocol's threshold for this pair, ${own}, the model says “${protocols}”.`;
  }

  function restate() {
    const decision = belief.decision(distance);
    find("belief-decision").textContent = decide(decision);
    find("belief-changed").hidden = !belief.isChanged();
    if (llr === null) return;
    const same = belief.probability(llr);
    const right = decision === "same" ? same : 1 - same;
    const sure = document.createElement("b");
    sure.textContent = words.sureness(right) + ".";
    find("belief-sure").replaceChildren(sure, " " + words.frequency(right, decision, support, belief.odds()));
    find("belief-probability").textContent = words.probability(same, support, belief.odds());
    find("belief-confidence").textContent = words.confidence(right, decision, support, belief.odds());
  }

  /* Only where a slider comes to rest is announced. */
  function say() {
    const sure = find("belief-sure");
    find("belief-spoken").textContent = find("belief-decision").textContent + " " + (sure ? sure.textContent : "");
  }

  document.addEventListener("whyface:belief", restate);
  find("belief-sliders").addEventListener("change", say);
  find("belief-reset").addEventListener("click", say);
})();
