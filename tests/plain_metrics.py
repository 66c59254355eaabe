"""Every row of the metrics table and every curve, transcribed from docs/method.md: one pair after another, slowly.

A pair is a dict: distance (None if an image failed), threshold, genuine, same (the decision), found (a face in both
images), fold (None without one), subjects (a set), groups (text by column, None without a value), and ratios (natural
log likelihood ratio by method).
"""

import json
from bisect import bisect
from collections import Counter
from itertools import accumulate, pairwise
from math import exp, inf, lgamma, log, log2, nan, sqrt
from statistics import fmean, pstdev, stdev

BINS = 15
TARGETS = {"1e-1": 0.1, "1e-2": 0.01, "1e-3": 0.001}


def decided(pairs):
    """Pairs with a distance, by rising distance."""
    return sorted((pair for pair in pairs if pair["distance"] is not None), key=lambda pair: pair["distance"])


def genuine(pairs):
    return [pair for pair in pairs if pair["genuine"]]


def impostors(pairs):
    return [pair for pair in pairs if not pair["genuine"]]


def share(pairs, condition):
    return sum(map(condition, pairs)) / len(pairs) if pairs else nan


def is_right(pair):
    return pair["same"] == pair["genuine"]


def is_wrong(pair):
    return not is_right(pair)


def people(pairs):
    return len(set().union(*(pair["subjects"] for pair in pairs)))


# Metrics. Each row is (metric, method, group): (value, the pairs that n counts, the pairs whose people are counted).


def all_rows(pairs, method):
    """Rows of labelled pairs; what concerns images or fits is apart."""
    judged = decided(pairs)
    rows = {
        (metric, "", "all"): row for metric, row in {**decision_rows(pairs), **distance_rows(decided(pairs))}.items()
    }
    for stated in (judged, as_stated_elsewhere(judged)):
        for name in stated[0]["ratios"]:
            for metric, value in calibration_values(stated, name).items():
                if stated is judged or metric in ("cllr", "ece"):
                    rows[metric, name, "all"] = value, stated, stated
            sure = [pair for pair in stated if abs(probability(pair["ratios"][name]) - 0.5) >= 0.49]
            wrong = share(sure, lambda pair: (pair["ratios"][name] >= 0) != pair["genuine"])  # noqa: B023
            if stated is not judged or name in (method, "paper"):
                rows["wrong_at_99", name, "all"] = wrong, sure, sure
    for column in judged[0]["groups"]:
        for text in {pair["groups"][column] for pair in judged} - {None}:
            members = [pair for pair in judged if pair["groups"][column] == text]
            for (metric, of), (value, counted) in group_rows(members, method).items():
                rows[metric, of, f"{column}={text}"] = value, counted, counted
    return rows


def as_stated_elsewhere(judged):
    """Put what other formulas say of the pairs in the place of likelihood ratios."""
    return [{**pair, "ratios": {name: odds_of(p) for name, p in percentages(pair, judged).items()}} for pair in judged]


def percentages(pair, judged):
    distance, threshold = pair["distance"], pair["threshold"]
    stated = {"cosine": 1 - distance, "sigmoid": 1 / (1 + exp(10 * (distance - threshold)))}
    if all(0 < one["threshold"] < 1 for one in judged):
        stated["face-recognition"] = of_the_wiki(distance, threshold)
    same = distance < threshold
    alike = [one for one in judged if (one["distance"] < one["threshold"]) == same]
    others = [one for one in alike if pair["fold"] is None or one["fold"] != pair["fold"]]
    return {
        **stated,
        "deepface": stretched(pair, same, [100 * probability(one["ratios"]["logistic"]) for one in others]),
    }


def of_the_wiki(distance, threshold):
    if distance > threshold:
        return (1 - distance) / ((1 - threshold) * 2)
    linear = 1 - distance / (threshold * 2)
    return linear + (1 - linear) * ((linear - 0.5) * 2) ** 0.2


def stretched(pair, same, seen):
    if len({*seen}) < 2:
        return 0.51 if same else 0.49
    percent, low, high = 100 * probability(pair["ratios"]["logistic"]), min(seen), max(seen)
    least, most = (max(51, low), 100) if same else (0, min(49, high))
    moved = (percent - low) / (high - low) * (most - least) + least
    return round(min(max(moved, 51), 100) if same else min(max(moved, 0), 49), 2) / 100


def odds_of(p):
    p = min(max(p, 0.00005), 0.99995)
    return log(p / (1 - p))


def decision_rows(pairs):
    judged = decided(pairs)
    shares = [share(fold, is_right) for fold in by_fold(judged).values()]
    acquired = [pair for pair in genuine(judged) if pair["found"]]
    rows = {
        "accuracy": (fmean(shares), judged),
        "accuracy_se": (stdev(shares) / sqrt(len(shares)), judged),
        "fmr": (share(impostors(judged), is_wrong), impostors(judged)),
        "fnmr": (share(genuine(judged), is_wrong), genuine(judged)),
        "fnmr_acquired": (share(acquired, is_wrong), acquired),
        "frr": (share(genuine(pairs), lambda pair: not (pair["same"] and pair["found"])), genuine(pairs)),
    }
    return {metric: (value, counted, counted) for metric, (value, counted) in rows.items()}


def by_fold(pairs):
    """Pairs by fold, -1 for those without one."""
    folds = {}
    for pair in pairs:
        folds.setdefault(-1 if pair["fold"] is None else pair["fold"], []).append(pair)
    return folds


def distance_rows(judged):
    ours, others = genuine(judged), impostors(judged)
    scarcer = min(ours, others, key=len)
    points = operating_points(judged)
    eer, eer_threshold = equal_error(points)
    rows = {
        "eer": (eer, scarcer, judged),
        "eer_threshold": (eer_threshold, judged, judged),
        "auc": (fmean(closer(a, b) for a in ours for b in others), scarcer, judged),
        "d_prime": (separation(ours, others), judged, judged),
        "fmr_floor": (3 / len(others), others, others),
    }
    for name, target in TARGETS.items():
        fnmr, threshold = best_at(points, target) if 3 / len(others) <= target else (nan, nan)
        rows[f"fnmr_at_fmr_{name}"] = fnmr, ours, judged
        rows[f"threshold_at_fmr_{name}"] = threshold, others, others
    return rows


def operating_points(judged):
    """(threshold, FMR, FNMR) of "same iff distance < threshold", for every distance and for more than all."""
    thresholds = [*sorted({pair["distance"] for pair in judged}), inf]
    return [
        (
            threshold,
            share(impostors(judged), lambda pair: pair["distance"] < threshold),  # noqa: B023
            share(genuine(judged), lambda pair: pair["distance"] >= threshold),  # noqa: B023
        )
        for threshold in thresholds
    ]


def equal_error(points):
    """Where the straight line between two points crosses FMR = FNMR, and the threshold that has crossed it."""
    for (_, fmr, fnmr), (threshold, next_fmr, next_fnmr) in pairwise(points):
        if next_fmr >= next_fnmr:
            part = (fnmr - fmr) / ((next_fmr - fmr) + (fnmr - next_fnmr))
            return fmr + part * (next_fmr - fmr), min(threshold, 2)
    raise AssertionError("the last point has FMR 1 and FNMR 0")


def best_at(points, target):
    """Lowest FNMR at an FMR of at most the target, and the highest threshold that has it."""
    allowed = [(fnmr, -threshold) for threshold, fmr, fnmr in points if fmr <= target]
    fnmr, threshold = min(allowed)
    return fnmr, min(-threshold, 2)


def closer(a, b):
    return 0.5 if a["distance"] == b["distance"] else float(a["distance"] < b["distance"])


def separation(ours, others):
    near, far = ([pair["distance"] for pair in kind] for kind in (ours, others))
    return abs(fmean(far) - fmean(near)) / sqrt((pstdev(near) ** 2 + pstdev(far) ** 2) / 2)


def calibration_values(judged, method):
    p = [probability(pair["ratios"][method]) for pair in judged]
    truth = [pair["genuine"] for pair in judged]
    full, least = cllr(judged, method), cllr_min(judged, method)
    return {
        "ece": calibration_error(p, truth),
        "brier": fmean((one - is_genuine) ** 2 for one, is_genuine in zip(p, truth, strict=True)),
        "log_loss": fmean(-log(one if is_genuine else 1 - one) for one, is_genuine in zip(p, truth, strict=True)),
        "cllr": full,
        "cllr_min": least,
        "cllr_cal": full - least,
    }


def probability(ratio):
    return 1 / (1 + exp(-ratio))


def cllr(judged, method):
    """Mean over the classes of the mean cost in bits; none if a class is missing."""
    missed = [log2(1 + exp(-pair["ratios"][method])) for pair in genuine(judged)]
    accepted = [log2(1 + exp(pair["ratios"][method])) for pair in impostors(judged)]
    return (fmean(missed) + fmean(accepted)) / 2 if missed and accepted else nan


def cllr_min(judged, method):
    best = best_odds(judged, method)
    missed = fmean(log2(1 + 1 / best[pair["ratios"][method]]) for pair in genuine(judged))
    accepted = fmean(log2(1 + best[pair["ratios"][method]]) for pair in impostors(judged))
    return (missed + accepted) / 2


def best_odds(judged, method):
    """Odds of genuine by log ratio: the rising function nearest to the labels, both classes alike."""
    values = sorted({pair["ratios"][method] for pair in judged})
    counts = [Counter(pair["ratios"][method] for pair in kind) for kind in (genuine(judged), impostors(judged))]
    shares = [[count[value] / count.total() for value in values] for count in counts]
    return dict(zip(values, rising(*shares), strict=True))


def rising(hits, misses):
    """Isotonic regression of odds, by its min-max formula.

    The largest, over all lower ends, of the smallest odds from there to any upper end.
    """
    best = [0] * len(hits)
    for low in range(len(hits)):
        odds = [a / b if b else inf for a, b in zip(accumulate(hits[low:]), accumulate(misses[low:]), strict=True)]
        smallest = list(accumulate(reversed(odds), min))[::-1]
        best[low:] = map(max, best[low:], smallest)
    return best


def calibration_error(p, truth):
    gaps = [abs(fmean(p[i] for i in one) - fmean(truth[i] for i in one)) * len(one) for one in equal_bins(p)]
    return sum(gaps) / len(p)


def equal_bins(p):
    """Places of the values by bin: as many in each, or one more in the first."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    bins = min(BINS, len(p))
    small, more = divmod(len(p), bins)
    sizes = [small + (number < more) for number in range(bins)]
    return [order[sum(sizes[:number]) : sum(sizes[: number + 1])] for number in range(bins)]


def group_rows(members, method):
    ours, others = genuine(members), impostors(members)
    return {
        ("accuracy", ""): (share(members, is_right), members),
        ("fmr", ""): (share(others, is_wrong), others),
        ("fnmr", ""): (share(ours, is_wrong), ours),
        ("cllr", method): (cllr(members, method), members),
    }


# Curves: lists of (x, y), or of (x, y, n) where the points have a number of pairs.


def all_curves(pairs, method, confidence):
    """Curves by name, but for the DET's band."""
    judged = decided(pairs)
    curves = {
        "histogram-genuine": histogram(genuine(judged)),
        "histogram-impostor": histogram(impostors(judged)),
        "fold-accuracy": [(x, share(fold, is_right), len(fold)) for x, fold in sorted(by_fold(judged).items())],
        "det": det(judged),
        "tippett-genuine": tippett(genuine(judged), method),
        "tippett-impostor": tippett(impostors(judged), method),
        **cross_entropies(judged, method),
    }
    for name, rows in confidence.groupby("method"):
        curves[f"reliability-{name}"] = reliability(judged, name)
        fits = [fit_of_row(row) for row in rows.itertuples()]
        curves[f"confidence-{name}"] = [(d, fmean(probability(fit(d)) for fit in fits)) for d in range_of(201)]
        if name in DENSITIES:
            folds = [DENSITIES[name](json.loads(parameters)) for parameters in rows["parameters"]]
            for place, (kind, members) in enumerate(zip(KINDS, (genuine(judged), impostors(judged)), strict=True)):
                curves[f"density-{kind}-{name}"] = [
                    (d, fmean(fold[place](d) for fold in folds) * len(members) * 0.02) for d in range_of(201)
                ]
    return curves


def histogram(kind):
    """Pairs in bars of 0.02; the last one holds 2 as well."""
    counts = Counter(min(int(pair["distance"] / 0.02), 99) for pair in kind)
    return [(bar * 0.02, counts[bar]) for bar in range(100)]


def det(judged):
    """Lowest FNMR of every FMR that occurs."""
    lowest = {}
    for _, fmr, fnmr in operating_points(judged):
        lowest[fmr] = min(fnmr, lowest.get(fmr, 1))
    return sorted(lowest.items())


def band(judged):
    """FNMR at 40 FMR, geometrically spaced from the lowest that can be claimed to 1."""
    floor, points = 3 / len(impostors(judged)), operating_points(judged)
    return [(x, best_at(points, x * (1 + 1e-9))[0]) for x in (floor ** (1 - i / 39) for i in range(40))]


def reliability(judged, method):
    p = [probability(pair["ratios"][method]) for pair in judged]
    return [(fmean(p[i] for i in one), fmean(judged[i]["genuine"] for i in one), len(one)) for one in equal_bins(p)]


def tippett(kind, method):
    ratios = [pair["ratios"][method] / log(10) for pair in kind]
    return [(x, fmean(ratio >= x for ratio in ratios)) for x in sorted(set(ratios))]


def cross_entropies(judged, method):
    """Bits at prior odds of 10 to the -3 .. 3, for the ratios as they are, at their best, and for no evidence."""
    best = best_odds(judged, method)
    kinds = {"cross-entropy": exp, "cross-entropy-calibrated": best.get, "cross-entropy-neutral": lambda ratio: 1}
    priors = [i / 20 - 3 for i in range(121)]
    return {name: [(x, entropy(judged, method, kind, 10**x)) for x in priors] for name, kind in kinds.items()}


def entropy(judged, method, kind, odds):
    prior = odds / (1 + odds)
    missed = fmean(log2(1 + 1 / (kind(pair["ratios"][method]) * odds)) for pair in genuine(judged))
    accepted = fmean(log2(1 + kind(pair["ratios"][method]) * odds) for pair in impostors(judged))
    return prior * missed + (1 - prior) * accepted


# Fits: functions of the distance, from the parameters that the confidence table holds.


def fit_of_row(row):
    """Make a function of a row of the confidence table: from a distance to a natural log likelihood ratio."""
    log_odds = LOG_ODDS[row.method](json.loads(row.parameters))
    if row.llr_low != row.llr_low:  # NaN: without bounds
        return log_odds
    return lambda d: min(max(log_odds(d), row.llr_low * log(10)), row.llr_high * log(10))


def logistic(fit):
    return lambda d: fit["intercept"] + fit["slope"] * d


def isotonic(fit):
    return lambda d: logit(interpolate(d, fit["distances"], fit["p_same"]))


def paper(fit):
    return lambda d: logit(min(max(sigmoid(fit, d), 1e-12), 1 - 1e-12))


def sigmoid(fit, d):
    return fit["a"] / (1 + exp(min(-fit["k"] * (d - fit["x0"]), 700))) + fit["b"]


def published_score(fit, d):
    """s, or 1 - s where the distance exceeds the threshold, clipped to 0.5 to 1."""
    s = sigmoid(fit, d)
    return min(max(1 - s if d > fit["threshold"] else s, 0.5), 1)


def kde(fit):
    """Divide the densities, or their shares in a stretch that is pooled so that the ratio never rises."""
    falling = [log(odds) for odds in reversed(rising(*(list(map(exp, reversed(fit[kind]))) for kind in KINDS)))]
    return lambda d: interpolate(d, range_of(len(falling)), falling)


def kde_densities(fit):
    return [lambda d, logs=fit[kind]: exp(interpolate(d, range_of(len(logs)), logs)) for kind in KINDS]


def beta(fit):
    """Divide the densities; where the ratio would rise with the distance, it keeps its value at the turn."""
    ours, others = beta_densities(fit)
    places = [0.0005 * i for i in range(1, 4000)]
    ratios = [log(ours(d)) - log(others(d)) for d in places]
    low, high = ratios.index(min(ratios)), ratios.index(max(ratios))
    return lambda d: interpolate(d, places[high : low + 1], ratios[high : low + 1])


def beta_densities(fit):
    return [lambda d, ab=fit[kind]: beta_density(min(max(d / 2, 1e-6), 1 - 1e-6), *ab) / 2 for kind in KINDS]


def beta_density(x, a, b):
    return exp((a - 1) * log(x) + (b - 1) * log(1 - x) + lgamma(a + b) - lgamma(a) - lgamma(b))


def range_of(points):
    return [2 * i / (points - 1) for i in range(points)]


def interpolate(x, xs, ys):
    """Straight lines between the points, constant beyond them."""
    after = bisect(xs, x)
    if after in (0, len(xs)):
        return ys[max(after - 1, 0)]
    part = (x - xs[after - 1]) / (xs[after] - xs[after - 1])
    return ys[after - 1] + part * (ys[after] - ys[after - 1])


def logit(p):
    return log(p / (1 - p))


KINDS = ("genuine", "impostor")
LOG_ODDS = {"logistic": logistic, "isotonic": isotonic, "paper": paper, "kde": kde, "beta": beta}
DENSITIES = {"kde": kde_densities, "beta": beta_densities}
