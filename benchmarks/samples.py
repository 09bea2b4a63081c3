"""What a run gave, and what many runs give together."""

from collections.abc import Sequence
from statistics import median, quantiles
from typing import NamedTuple


class Delay(NamedTuple):
    """Start delays of one run, in milliseconds.

    Attributes:
        early: how many started before their due time; there must be none.
    """

    p50_ms: float
    p99_ms: float
    least_ms: float
    early: int


class Spread(NamedTuple):
    """A median, and how far the single runs were from it."""

    median: float
    least: float
    most: float


def delay_of(seconds: Sequence[float]) -> Delay:
    """Return the percentiles of start delays."""
    cuts = quantiles(seconds, n=100, method="inclusive")
    return Delay(cuts[49] * 1e3, cuts[98] * 1e3, min(seconds) * 1e3, sum(delay < 0 for delay in seconds))


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """Return the ratios of runs that stood next to each other: noise that hits both leaves them alone.

    Where one of the two was repeated less often, the rest of the other stands alone and is left out.
    """
    each = [one / other for one, other in zip(ours, theirs, strict=False)]
    return Spread(median(each), min(each), max(each))
