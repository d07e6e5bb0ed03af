"""The bootstrap contest against enumeration and against resampling."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate.choosing.winning import Entrant, win_probabilities

LOSSES = st.sampled_from([0.0, 1.0, 2.0, 3.0, np.inf])
TIMES = st.sampled_from([1.0, 2.0, 3.0])


@st.composite
def contests(draw):
    """Up to three groups of up to three restarts, each with up to two entrants."""
    entrants = []
    for group in range(draw(st.integers(1, 3))):
        n = draw(st.integers(1, 3))
        for _ in range(draw(st.integers(1, 2))):
            losses = draw(st.lists(LOSSES, min_size=n, max_size=n))
            seconds = draw(st.lists(TIMES, min_size=n, max_size=n))
            entrants.append(Entrant(group, tuple(losses), tuple(seconds)))
    return entrants


def winner(entrants, best):
    """Who wins when `best[group]` is the best restart of each group's resample; None for nobody."""
    keys = [(e.losses[best[e.group]], e.seconds[best[e.group]], i) for i, e in enumerate(entrants)]
    loss, _, i = min(keys)
    return i if np.isfinite(loss) else None


@given(contests())
def test_probabilities_are_the_shares_of_all_resamples(entrants):
    sizes = {e.group: len(e.losses) for e in entrants}
    resamples = [
        [min(draw) for draw in product(range(n), repeat=n)] for n in sizes.values()
    ]  # the best of a resample is the restart of the lowest rank
    wins = np.zeros(len(entrants))
    for best in product(*resamples):
        i = winner(entrants, dict(zip(sizes, best, strict=True)))
        if i is not None:
            wins[i] += 1
    total = np.prod([len(bests) for bests in resamples])
    assert win_probabilities(entrants) == pytest.approx(wins / total, abs=1e-12)


def test_many_architectures_agree_with_resampling():
    rng = np.random.default_rng(0)
    entrants = [
        Entrant(g, tuple(rng.lognormal(size=10)), tuple(rng.lognormal(size=10)))
        for g in range(30)
        for _ in range(2)
    ]
    exact = np.array(win_probabilities(entrants))
    drawn = np.zeros(60)
    for _ in range(4000):
        best = {g: rng.integers(10, size=10).min() for g in range(30)}
        drawn[winner(entrants, best)] += 1 / 4000
    assert exact.sum() == pytest.approx(1.0)
    assert np.abs(exact - drawn).max() < 0.03  # four standard deviations of 4000 draws


def test_encodings_of_one_net_share_its_resample():
    # the same losses: the faster encoding always wins, however the restarts fall
    slow, fast = (Entrant("net", (1.0, 2.0, 3.0), (t,) * 3) for t in (2.0, 1.0))
    assert win_probabilities([slow, fast]) == [0.0, 1.0]


def test_nobody_wins_without_a_finite_loss():
    assert win_probabilities([Entrant("a", (np.inf,), (1.0,))]) == [0.0]
    assert win_probabilities([]) == []
