"""Candidates: each layout's best net, its accuracy against its solve time, and who beats whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from surrogate.box import FloatArray
from surrogate.choosing.bootstrap import best_probabilities
from surrogate.choosing.summaries import (
    Solving,
    accuracy_by_layout,
    ranked,
    solving_by_layout,
)


@dataclass(frozen=True)
class Candidate:
    """A layout, represented by its best restart.

    mae       its test MAE
    solving   what solving it costs
    dead      its output is constant
    wins      among the eligible: how probable it is, in a bootstrap resample of all restarts, that
              this layout's best net has the lowest MAE; 0 for the others
    on_front  among the eligible: on the Pareto front of MAE and median solve seconds
    """

    layout: str
    restart: int
    mae: float
    solving: Solving
    dead: bool
    wins: float = 0.0
    on_front: bool = False

    @property
    def seconds(self) -> float:
        """Median solve seconds over HiGHS seeds, minimise plus maximise."""
        return self.solving.seconds.median

    @property
    def eligible(self) -> bool:
        """Whether it can be chosen: it lives, and every solve ended with a passed audit."""
        return not self.dead and self.solving.audited == self.solving.solves


def candidates(nets: pd.DataFrame, solves: pd.DataFrame, layouts: Sequence[str]) -> list[Candidate]:
    """One `Candidate` per solved layout, in the order of `layouts`, eligible or not."""
    solved = {s.layout: s for s in solving_by_layout(nets, solves, layouts) if s.role == "best"}
    found = [
        Candidate(
            layout=a.layout,
            restart=a.best,
            mae=a.mae_best,
            solving=solved[a.layout],
            dead=a.best_dead,
        )
        for a in accuracy_by_layout(nets, layouts)
        if a.layout in solved
    ]
    rivals = {c.layout: c for c in compared([c for c in found if c.eligible], nets)}
    return [rivals.get(c.layout, c) for c in found]


def compared(rivals: Sequence[Candidate], nets: pd.DataFrame) -> list[Candidate]:
    """The candidates with `wins` and `on_front` as they are among themselves."""
    wins = _win_shares(nets, [c.layout for c in rivals])
    front = pareto_front(np.array([c.mae for c in rivals]), np.array([c.seconds for c in rivals]))
    return [
        replace(c, wins=share, on_front=bool(on))
        for c, share, on in zip(rivals, wins, front, strict=True)
    ]


def _win_shares(nets: pd.DataFrame, layouts: Sequence[str]) -> list[float]:
    """How probable it is that, in a resample of all restarts, each layout's best net wins.

    The best net of a resample is the one with the lowest training error; the lowest test MAE wins,
    and a tie goes to the layout that comes first.
    """
    errors = [ranked(nets, layout)["mae"].to_numpy(float) for layout in layouts]
    chances = [best_probabilities(len(values)) for values in errors]
    shares = []
    for i, (mine, probability) in enumerate(zip(errors, chances, strict=True)):
        win = probability.copy()
        for k, (theirs, chance) in enumerate(zip(errors, chances, strict=True)):
            if k != i:
                worse = theirs[None, :] > mine[:, None]
                if i < k:
                    worse |= theirs[None, :] == mine[:, None]
                win *= worse @ chance
        shares.append(float(win.sum()))
    return shares


def pareto_front(first: FloatArray, second: FloatArray) -> npt.NDArray[np.bool_]:
    """Which points no other point beats: no other is at most as large in both and less in one."""
    a, b = first[:, None], second[:, None]
    beats = (a <= first) & (b <= second) & ((a < first) | (b < second))
    front: npt.NDArray[np.bool_] = np.logical_not(beats.any(axis=0))
    return front
