"""95 % intervals from a figure and its spread over people; without enough people there is none."""

import numpy as np

from whyface.evaluation.people import Spread

RULE_OF_THREE = 3  # no error in n trials: the rate is below 3 / n at 95 %

Interval = tuple[float, float]
NONE: Interval = (np.nan, np.nan)


def widen(spread: Spread, level: float) -> Spread:
    """Make a spread whose 95 % interval errs in a share `level` of sets, not in 0.05; see `simultaneous.joint_level`.

    Intervals take the error times the reach, or the rule of three: no error in n trials leaves a rate below
    -log(level) / n.
    """
    wider = spread.quantile(1 - level / 2) / spread.reach
    return spread._replace(error=spread.error * wider, apart=spread.apart * np.log(0.05) / np.log(level))


def share_interval(value: float, spread: Spread) -> Interval:
    """95 % interval of a share, 0 to 1: Wilson's (1927), for as many trials as would have this standard error.

    A share of 0 or 1 has no such trials. Pairs that share people may all come out alike, so only those count that share
    nobody: with n of them, the rule of three reaches 3 / n to either side.

    Parameters
    ----------
    value : float
        The share.
    spread : Spread
        Its spread.
    """
    if np.isnan(value) or np.isnan(spread.error):
        return NONE
    if value <= 0 or value >= 1 or spread.error == 0:
        reach = min(1.0, RULE_OF_THREE / spread.apart)
        return max(0.0, value - reach), min(1.0, value + reach)
    return wilson(value, value * (1 - value) / spread.error**2, spread.reach)


def wilson(share: float, trials: float, reach: float) -> Interval:
    """Wilson's 95 % interval of a share of independent trials, `reach` standard errors to either side."""
    centre = (share + reach**2 / (2 * trials)) / (1 + reach**2 / trials)
    half = reach / (1 + reach**2 / trials) * np.sqrt(share * (1 - share) / trials + reach**2 / (4 * trials**2))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def cost_interval(value: float, spread: Spread) -> Interval:
    """95 % interval of a positive figure: symmetric in its logarithm; none for 0."""
    if not value > 0 or np.isnan(spread.error):
        return NONE
    factor = np.exp(min(spread.reach * spread.error / value, 50.0))
    return float(value / factor), float(value * factor)


def plain_interval(value: float, spread: Spread) -> Interval:
    """95 % interval of a figure without limits."""
    half = spread.reach * spread.error
    return value - half, value + half
