"""Candidates: each architecture's best net, how good and how slow it is, and who beats whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isnan, nan

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
from surrogate.solving import REL_GAP


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
    loss       what it is ranked by: the regret of the best restart where the study knows regrets,
               else its test MAE; NaN where it is not known
    entrant    the losses of all its restarts, for the bootstrap
    wins       among the eligible: how probable it is, in a bootstrap resample of all restarts, that
               the best net of this architecture has the lowest loss; 0 for the others
    on_front   among the eligible: on the Pareto front of loss and median solve seconds
    """

    architecture: Architecture
    accuracy: Accuracy
    trial: Trial | None
    deciding: Deciding
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
    tried = trials(solves)
    by_regret = any(not isnan(trial.regret) for trial in tried.values())
    found = [
        candidate
        for group in ranked_groups(nets, layouts)
        for candidate in _of_group(group, encodings(solves), tried, by_regret)
    ]
    rivals = {c.architecture: c for c in compared([c for c in found if c.eligible])}
    return [rivals.get(c.architecture, c) for c in found]


def knows_regret(found: Iterable[Candidate]) -> bool:
    """Whether a study knows regrets, so that they rank its candidates."""
    return any(not isnan(c.deciding.regrets.median) for c in found)


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
    group: pd.DataFrame, names: Sequence[str], tried: Mapping[Key, Trial], by_regret: bool
) -> list[Candidate]:
    """The candidates of one layout and recipe, whose restarts are given best first."""
    figures = accuracy(group)
    restarts = [int(restart) for restart in group["restart"]]
    rows = [[tried.get((figures.layout, figures.recipe, e, r)) for r in restarts] for e in names]
    losses, compete = _losses(group, rows, by_regret)
    return [
        Candidate(
            architecture=Architecture(figures.layout, figures.recipe, name),
            accuracy=figures,
            trial=row[0],
            deciding=(decisions := deciding([t for t in row if t], row[0])),
            loss=decisions.regret if by_regret else figures.mae_best,
            entrant=Entrant(
                group=(figures.layout, figures.recipe),
                losses=tuple(loss[compete].tolist()),
                seconds=tuple(_seconds(row)[compete].tolist()),
            ),
        )
        for name, row, loss in zip(names, rows, losses, strict=True)
    ]


def _losses(
    group: pd.DataFrame, rows: Sequence[Sequence[Trial | None]], by_regret: bool
) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Losses (encodings, restarts) of one layout and recipe, and which restarts compete.

    By regret, those compete of which some encoding has a known outcome; an encoding that has none
    there loses. A dead net never wins, be its decision as lucky as it may.
    """
    if by_regret:
        regrets = np.array([[t.regret if t else nan for t in row] for row in rows])
        compete = ~np.isnan(regrets).all(axis=0)
        losses = _levels(np.where(np.isnan(regrets), np.inf, regrets))
    else:
        losses = np.tile(group["mae"].to_numpy(float), (len(rows), 1))
        compete = np.ones(len(group), bool)
    return np.where(group["dead"].to_numpy(bool), np.inf, losses), compete


def _levels(regrets: FloatArray) -> FloatArray:
    """Regrets (encodings, restarts) without the differences that the solver's gap leaves open.

    Encodings of one net find the same decision up to that gap, so those next to the best of them
    are equal to it; then every regret is rounded to a multiple of the gap.
    """
    best = regrets.min(axis=0, keepdims=True)
    same = np.where(regrets <= best + REL_GAP, best, regrets)
    return np.asarray(np.round(same / REL_GAP) * REL_GAP)


def _seconds(row: Sequence[Trial | None]) -> FloatArray:
    """Seconds of every restart; those of the best one for restarts that were not solved."""
    found = np.array([t.seconds.median if t else nan for t in row])
    return np.where(np.isnan(found), found[0], found)
