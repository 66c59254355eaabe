/* Probabilities in words under any prior, as words/chances.py writes them under even odds.
   Pairs limit how strong evidence can be, that is the likelihood ratio; they say nothing about the prior, which is the
   reader's. So a posterior is no surer than the prior odds times the largest ratio that the pairs support. */
(function () {
  "use strict";
  const whyface = (window.whyface = window.whyface || {});
  const BASES = [1000, 10000, 100000, 1000000];
  const BANDS = [[0.99, "Very sure"], [0.95, "Sure"], [0.8, "Fairly sure"], [0.6, "Unsure"], [0.4, "A coin toss"], [0, "Probably wrong"]];

  const written = (count) => count.toLocaleString("en");
  /* As Python rounds: a half goes to the even neighbour. */
  const whole = (value) => (Math.abs(value % 1) === 0.5 ? 2 * Math.round(value / 2) : Math.round(value));

  /* Only 1 is written as 100 %; other shares close to 0 or 1 get the digits that they need if `fine`. */
  function percent(share, fine) {
    const digits = fine ? Math.min(Math.max(2, Math.ceil(-Math.log10(100 * Math.min(share, 1 - share))) + 1), 9) : 2;
    const shown = share < 1 ? Math.min(100 * share, 100 - 10 ** -digits) : 100;
    return shown.toFixed(digits) + " %";
  }

  function within(value, below, above, odds) {
    const [low, high] = [1 / (below / odds + 1), (above * odds) / (above * odds + 1)];
    const sign = value < low ? "< " : value > high ? "> " : "";
    return sign + percent(Math.min(Math.max(value, low), high), odds !== 1);
  }

  const probability = (same, { genuine, impostor }, odds) => within(same, genuine, impostor, odds);

  /* The probability that a decision is right. */
  function confidence(right, decision, { genuine, impostor }, odds) {
    return decision === "same" ? within(right, genuine, impostor, odds) : within(right, impostor, genuine, 1 / odds);
  }

  const sureness = (right) => BANDS.find(([least]) => right >= least)[1];

  /* A share of wrong decisions as a natural frequency: "Of 1,000 such decisions about 3 are wrong". */
  function wrong(share, how = "about", decisions = "such decisions") {
    const base = BASES.find((one) => Math.min(share, 1 - share) * one >= 0.95);
    if (!base) return `Of 1,000,000 ${decisions} fewer than 1 is ${share < 0.5 ? "wrong" : "right"}`;
    const round = { about: whole, "fewer than": Math.ceil, "more than": Math.floor }[how];
    const count = round(share * base);
    return `Of ${written(base)} ${decisions} ${how} ${written(count)} ${count === 1 ? "is" : "are"} wrong`;
  }

  /* A confidence as a natural frequency. */
  function frequency(right, decision, { genuine, impostor }, odds) {
    const finer = (pairs, kind) => `; ${written(pairs)} ${kind} pair${pairs === 1 ? " supports" : "s support"} no finer claim.`;
    const [kinds, own] = decision === "same" ? [["impostor", "genuine"], odds] : [["genuine", "impostor"], 1 / odds];
    const [limit, other] = kinds.map((kind) => ({ genuine, impostor })[kind]);
    const [least, most] = [1 / (limit * own + 1), other / (other + own)];
    if (1 - right < least) return (odds === 1 ? `Of ${written(limit)} such decisions fewer than 1 is wrong` : wrong(least, "fewer than")) + finer(limit, kinds[0]);
    return 1 - right > most ? wrong(most, "more than") + finer(other, kinds[1]) : wrong(1 - right) + ".";
  }

  whyface.beliefWords = { written, percent, probability, confidence, sureness, wrong, frequency };
})();
