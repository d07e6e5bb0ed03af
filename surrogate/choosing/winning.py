"""Who wins in the bootstrap, exactly: every resample of all restarts at once, none of them drawn.

Restarts are resampled within their layout and recipe; the nets that they stand for are the same
under every encoding, so the encodings of one layout and recipe share their resample.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surrogate.box import FloatArray
from surrogate.choosing.bootstrap import best_probabilities


@dataclass(frozen=True)
class Entrant:
    """One architecture in the contest.

    group    whose restarts it shares: those of the same layout and recipe
    losses   one per restart of the group, the best (by training error) first; infinite where it
             cannot win. seconds: what decides between equal losses
    """

    group: Hashable
    losses: tuple[float, ...]
    seconds: tuple[float, ...]


def win_probabilities(entrants: Sequence[Entrant]) -> list[float]:
    """How probable it is, in a resample of all restarts, that each entrant wins.

    The best net of a resample represents its layout and recipe; the lowest loss wins. Among equal
    losses the fewer seconds win, and then the entrant that comes first. The probabilities sum to
    less than one by that of resamples in which nobody has a finite loss.

    Groups are independent. Let p be the probability that restart k is the best of its group's
    resample (`best_probabilities`); k then wins with p times the product, over the other groups, of
    the probability that their best restart comes later in the order of (loss, seconds, place).
    """
    groups: dict[Hashable, list[int]] = {}
    for i, entrant in enumerate(entrants):
        groups.setdefault(entrant.group, []).append(i)
    if not groups:
        return []
    parts = [_representatives(entrants, members) for members in groups.values()]
    winner, loss, seconds, chance = (np.concatenate(column) for column in zip(*parts, strict=True))
    group = np.repeat(np.arange(len(parts)), [len(part[0]) for part in parts])
    order = np.lexsort((winner, seconds, loss))
    shares = np.zeros(len(entrants))
    won = _first(group[order], chance[order]) * np.isfinite(loss[order])
    np.add.at(shares, winner[order], won)
    return [float(share) for share in shares]


def _representatives(
    entrants: Sequence[Entrant], members: Sequence[int]
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Per restart of one group: its best entrant, with loss and seconds, and the chance."""
    losses = np.array([entrants[i].losses for i in members])
    seconds = np.array([entrants[i].seconds for i in members])
    best = np.lexsort((seconds, losses), axis=0)[0]
    restarts = np.arange(losses.shape[1])
    return (
        np.array(members)[best],
        losses[best, restarts],
        seconds[best, restarts],
        best_probabilities(len(restarts)),
    )


def _first(group: npt.NDArray[np.intp], chance: FloatArray) -> FloatArray:
    """P(one entry is drawn from each group and this one is the first), entries in order."""
    drawn = np.zeros((int(group.max()) + 1, len(group)))
    drawn[group, np.arange(len(group))] = chance
    later = np.flip(np.cumsum(np.flip(drawn, axis=1), axis=1), axis=1) - drawn
    later[group, np.arange(len(group))] = 1.0
    return np.asarray(np.prod(later, axis=0) * chance)
