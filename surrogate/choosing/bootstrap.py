"""The bootstrap over restarts, exactly: no resample is drawn, so no figure depends on a seed.

A resample draws n of the n restarts with replacement. With so few of them the distribution of its
median, and of which restart is its best, has a closed form.

Source: B. Efron (1979), "Bootstrap methods: another look at the jackknife", section 3; B. Efron and
R. Tibshirani (1993), "An Introduction to the Bootstrap", chapter 13 (percentile intervals).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import comb

import numpy as np
import numpy.typing as npt

from surrogate.box import FloatArray

_Places = npt.NDArray[np.intp]

_LOW, _HIGH = 0.025, 0.975
_ROUNDING = 1e-9  # in the sums of probabilities


@dataclass(frozen=True)
class Spread:
    """A median over restarts with its 95 % interval, or over HiGHS seeds with their range.

    NaN where there is nothing to take it of.
    """

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Share:
    """`count` of `total` restarts; low, high: the 95 % interval of the share, NaN of none."""

    count: int
    total: int
    low: float
    high: float


def bootstrap_median(values: FloatArray) -> Spread:
    """The median of `values` with its 95 % percentile bootstrap interval; infinity is a value."""
    if not len(values):
        return Spread(np.nan, np.nan, np.nan)
    ordered = np.sort(values)
    first, second, probability = _middle_pairs(len(values))
    medians = (ordered[first] + ordered[second]) / 2
    order = np.argsort(medians, kind="stable")
    cumulative = np.cumsum(probability[order])
    low, high = (
        medians[order][np.argmax(cumulative >= share - _ROUNDING)] for share in (_LOW, _HIGH)
    )
    middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    return Spread(float(middle), float(low), float(high))


@cache
def bootstrap_share(count: int, total: int) -> Share:
    """`count` of `total` with the 95 % percentile bootstrap interval of the share.

    The count in a resample is binomial with `total` draws and the share as its probability.
    """
    if not total:
        return Share(count, total, np.nan, np.nan)
    share = count / total
    cumulative = 1 - np.array(
        [_at_least(m + 1, total, np.array(share)) for m in range(total + 1)], np.float64
    )
    low, high = (np.argmax(cumulative >= p - _ROUNDING) / total for p in (_LOW, _HIGH))
    return Share(count, total, float(low), float(high))


@cache
def _middle_pairs(n: int) -> tuple[_Places, _Places, FloatArray]:
    """`_middle_pair` where it is not 0: the places i and j, and P[i, j]."""
    probability = _middle_pair(n)
    first, second = np.nonzero(probability)
    return first, second, probability[first, second]


def _middle_pair(n: int) -> FloatArray:
    """P[i, j]: the two middle values of a resample of n are the sorted values i and j >= i.

    For odd n the middle is one value, on the diagonal. For n = 2 k, exactly k draws are among the
    first i values and the others beyond the first j >= i with probability
    S(i, j) = C(n, k) (i / n)^k (1 - j / n)^k, and differences of S isolate one pair.
    """
    k = (n + 1) // 2
    share = np.arange(n + 1) / n
    single = np.diag(np.diff(_at_least(k, n, share)))
    if n % 2:
        return single
    split = float(comb(n, k)) * share[:, None] ** k * (1 - share[None, :]) ** k
    pair = np.triu(split[1:, :-1] - split[:-1, :-1] - split[1:, 1:] + split[:-1, 1:], k=1)
    same: FloatArray = single - np.diag(pair.sum(axis=1))
    return np.asarray(pair + same)


def _at_least(k: int, n: int, share: FloatArray) -> FloatArray:
    """P(at least k of n draws are among the first `share` of the values), elementwise."""
    terms = [comb(n, m) * share**m * (1 - share) ** (n - m) for m in range(k, n + 1)]
    return np.asarray(np.sum(terms, axis=0), dtype=np.float64)


@cache
def best_probabilities(n: int) -> FloatArray:
    """P[r]: the best of a resample of n is the restart of rank r, counted from 0.

    All draws have rank >= r with probability (1 - r / n)^n; ranks are distinct, so ties in what
    they rank do not matter.
    """
    at_least = (1 - np.arange(n + 1) / n) ** n
    return np.asarray(at_least[:-1] - at_least[1:], dtype=np.float64)
