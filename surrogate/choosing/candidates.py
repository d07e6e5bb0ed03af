"""Candidates: each architecture's best net, how good and how slow it is, and who beats whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isnan, nan
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from surrogate.box import FloatArray
from surrogate.choosing.summaries import (
    Accuracy,
    Deciding,
    accuracy,
    deciding,
    encodings,
    ranked_groups,
)
from surrogate.choosing.trials import Key, Trial, trials
from surrogate.choosing.winning import Entrant, win_probabilities
from surrogate.conventions import REL_GAP

Criterion = Literal["regret", "behind", "mae"]
"""What ranks the architectures of a study: the regret where regrets are known; else, where a truth
is, how far a decision stays behind the best found; else the test MAE."""


@dataclass(frozen=True)
class Architecture:
    """What a user chooses: a layout, the recipe that trains it, the encoding that embeds it."""

    layout: str
    recipe: str
    encoding: str


@dataclass(frozen=True)
class Candidate:
    """An architecture, represented by its best restart.

    accuracy   of its layout and recipe
    trial      the solves of the best restart, None when it has none yet
    deciding   what its decisions are worth
    criterion  what it is ranked by, the same for all candidates of a study
    loss       the figure of the best restart by this criterion; NaN where it is not known
    entrant    the losses of all its restarts, for the bootstrap
    wins       among the eligible: how probable it is, in a bootstrap resample of all restarts, that
               the best net of this architecture has the lowest loss; 0 for the others
    on_front   among the eligible: on the Pareto front of loss and median solve seconds
    """

    architecture: Architecture
    accuracy: Accuracy
    trial: Trial | None
    deciding: Deciding
    criterion: Criterion
    loss: float
    entrant: Entrant
    wins: float = 0.0
    on_front: bool = False

    @property
    def restart(self) -> int:
        """The best restart."""
        return self.accuracy.best

    @property
    def mae(self) -> float:
        """The test MAE of the best restart."""
        return self.accuracy.mae_best

    @property
    def regret(self) -> float:
        """The regret of the best restart; infinite without a decision, NaN when unknown."""
        return self.deciding.regret

    @property
    def seconds(self) -> float:
        """Median solve seconds of the best restart over HiGHS seeds, all senses together."""
        return self.trial.seconds.median if self.trial else nan

    @property
    def dead(self) -> bool:
        """Whether the best restart's output is constant."""
        return self.accuracy.best_dead

    @property
    def eligible(self) -> bool:
        """Whether it can be chosen.

        It lives, every solve ended with a passed audit, and what it is ranked by is known.
        """
        trial = self.trial
        solved = trial is not None and trial.audited == trial.solves and not isnan(self.seconds)
        return solved and not self.dead and bool(np.isfinite(self.loss))


def candidates(nets: pd.DataFrame, solves: pd.DataFrame, layouts: Sequence[str]) -> list[Candidate]:
    """One `Candidate` per architecture of the study, in the order of `layouts`, eligible or not."""
    tried, names = trials(solves), encodings(solves)
    criterion = _criterion(tried.values())
    found = [
        candidate
        for group in ranked_groups(nets, layouts)
        for candidate in _of_group(group, names, tried, criterion)
    ]
    rivals = {c.architecture: c for c in compared([c for c in found if c.eligible])}
    return [rivals.get(c.architecture, c) for c in found]


def criterion_of(found: Sequence[Candidate]) -> Criterion:
    """What ranks the candidates of a study."""
    return found[0].criterion if found else "mae"


def _criterion(tried: Iterable[Trial]) -> Criterion:
    known = list(tried)
    if any(not isnan(trial.regret) for trial in known):
        return "regret"
    return "behind" if any(not isnan(trial.behind) for trial in known) else "mae"


def compared(rivals: Sequence[Candidate]) -> list[Candidate]:
    """The eligible candidates with `wins` and `on_front` as they are among themselves."""
    wins = win_probabilities([c.entrant for c in rivals])
    front = pareto_front(
        np.array([c.entrant.losses[0] for c in rivals]), np.array([c.seconds for c in rivals])
    )
    return [
        replace(c, wins=share, on_front=bool(on))
        for c, share, on in zip(rivals, wins, front, strict=True)
    ]


def pareto_front(first: FloatArray, second: FloatArray) -> npt.NDArray[np.bool_]:
    """Which points no other point beats: no other is at most as large in both and less in one."""
    a, b = first[:, None], second[:, None]
    beats = (a <= first) & (b <= second) & ((a < first) | (b < second))
    front: npt.NDArray[np.bool_] = np.logical_not(beats.any(axis=0))
    return front


def _of_group(
    group: pd.DataFrame, names: Sequence[str], tried: Mapping[Key, Trial], criterion: Criterion
) -> list[Candidate]:
    """The candidates of one layout and recipe, whose restarts are given best first."""
    figures = accuracy(group)
    restarts = [int(restart) for restart in group["restart"]]
    rows = [[tried.get((figures.layout, figures.recipe, e, r)) for r in restarts] for e in names]
    losses, compete = _losses(group, rows, criterion)
    return [
        Candidate(
            architecture=Architecture(figures.layout, figures.recipe, name),
            accuracy=figures,
            trial=row[0],
            deciding=(decisions := deciding([t for t in row if t], row[0])),
            criterion=criterion,
            loss=figures.mae_best if criterion == "mae" else getattr(decisions, criterion),
            entrant=Entrant(
                group=(figures.layout, figures.recipe),
                losses=tuple(loss[compete].tolist()),
                seconds=tuple(_seconds(row)[compete].tolist()),
            ),
        )
        for name, row, loss in zip(names, rows, losses, strict=True)
    ]


def _losses(
    group: pd.DataFrame, rows: Sequence[Sequence[Trial | None]], criterion: Criterion
) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Losses (encodings, restarts) of one layout and recipe, and which restarts compete.

    By their decisions, those compete of which some encoding has a known outcome; an encoding that
    has none there loses. A dead net never wins, be its decision as lucky as it may.
    """
    if criterion == "mae":
        losses = np.tile(group["mae"].to_numpy(float), (len(rows), 1))
        compete = np.ones(len(group), bool)
    else:
        known = np.array([[getattr(t, criterion) if t else nan for t in row] for row in rows])
        compete = ~np.isnan(known).all(axis=0)
        losses = _levels(np.where(np.isnan(known), np.inf, known))
    return np.where(group["dead"].to_numpy(bool), np.inf, losses), compete


def _levels(losses: FloatArray) -> FloatArray:
    """Losses (encodings, restarts) without the differences that the solver's gap leaves open.

    Encodings of one net find the same decision up to that gap, so those next to the best of them
    are equal to it; then every loss is rounded to a multiple of the gap.
    """
    best = losses.min(axis=0, keepdims=True)
    same = np.where(losses <= best + REL_GAP, best, losses)
    return np.asarray(np.round(same / REL_GAP) * REL_GAP)


def _seconds(row: Sequence[Trial | None]) -> FloatArray:
    """Seconds of every restart; those of the best one for restarts that were not solved."""
    found = np.array([t.seconds.median if t else nan for t in row])
    return np.where(np.isnan(found), found[0], found)
