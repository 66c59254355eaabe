/* What the model makes of a face under a patch, in words. */
(function () {
  "use strict";
  const whyface = (window.whyface = window.whyface || {});

  function verdict({ threshold }, distance) {
    if (threshold === null) return ".";
    const says = whyface.belief ? whyface.belief.decision(distance) : distance < threshold ? "same" : "different";
    return ": the model would say “" + says + "”.";
  }

  function chance(ratio) {
    const share = whyface.belief ? whyface.belief.probability(ratio) : 1 / (1 + 10 ** -ratio);
    const whole = Math.round(100 * share);
    return (whole < 1 ? "under 1" : whole > 99 ? "over 99" : whole) + " % “same”";
  }

  /* Bans of what is covered, + for “same”. */
  function evidence({ bounded }, whole, llr) {
    const bans = Math.abs(whole - llr).toFixed(1);
    const sign = bans === "0.0" ? "" : whole > llr ? "+" : "−";
    const isBeyond = [whole, llr].some((one) => bounded(one) !== one);
    return "evidence " + sign + bans + " bans" + (isBeyond ? ", beyond what the pairs support" : "");
  }

  function numbers(patches, distance) {
    const from = "Distance " + distance.toFixed(3) + " (" + patches.clean.toFixed(3) + " uncovered), ";
    if (!patches.llr) return from + "evidence unknown: the fit failed.";
    const [whole, llr] = [patches.clean, distance].map(patches.llr);
    return from + evidence(patches, whole, llr) + "; " + chance(patches.bounded(llr)) + ".";
  }

  function origin({ x, y, fill, predicted }) {
    const positions = x.length * y.length;
    if (positions === 1) return (predicted ? "Predicted" : "Measured") + " here, with fill " + fill + ".";
    const some = predicted ? ", " + predicted + " of " + positions + " predicted." : ".";
    return ("Between positions x " + x.join(" and ") + ", y " + y.join(" and ") + " px" + some).replaceAll("-", "−");
  }

  /* Three parts of what is said of a patch that `patches.read` found. */
  whyface.coverWords = (patches, found) => ({
    verdict: verdict(patches, found.distance),
    numbers: numbers(patches, found.distance),
    origin: origin(found),
  });
})();
