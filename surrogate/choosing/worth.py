"""What decisions are worth under the truth: measured from the optimum, or from the best one found.

Where the optimum is known, a decision has a regret, which the study stores. Where it is not, there
is still the objective after the repair, and among all decisions of the study the best of these: how
far a decision stays behind it says no less of which net decides better, and nothing of how good the
best one is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from surrogate.conventions import REL_GAP

SURPASSED = -1e-4
"""A regret below this is no rounding: the optimum that it is measured from is not the optimum."""


@dataclass(frozen=True)
class Surpassed:
    """An optimum that a layout's repaired decision beats, which then is not the optimum."""

    layout: str
    reached: float
    optimum: float

    def __str__(self) -> str:
        """The sentence for the user."""
        return (
            f"The optimum stated is not the optimum: {self.layout} reaches {self.reached:.8g}, "
            f"better than {self.optimum:.8g}. Correct it in the problem's file: every regret is "
            "measured from it."
        )


def surpassed(rows: pd.DataFrame, solves: pd.DataFrame) -> Surpassed | None:
    """The decision of `rows` that beats the stated optimum by most; None when none does.

    rows     solves or rounds of a refinement, with their regrets
    solves   of the study: they hold the stated optimum
    """
    regret = rows["regret"].astype(float)
    stated = solves["optimum"].dropna()
    if stated.empty or not (regret < SURPASSED).any():
        return None
    row = rows.loc[regret == regret.min()].iloc[0]
    return Surpassed(str(row["layout"]), float(row["repaired"]), float(stated.iloc[0]))


def sign(solves: pd.DataFrame) -> float:
    """-1 where the study's problem is maximised, 1 where it is minimised."""
    known = solves["maximize"].dropna()
    return -1.0 if len(known) and bool(known.iloc[0]) else 1.0


def costs(solves: pd.DataFrame) -> pd.Series:
    """What every solve's decision costs after the repair: of two, the smaller is the better.

    The objective, or minus it where it is maximised. Infinite where there was no decision, or none
    that can be repaired. NaN in a study without a truth.
    """
    cost = sign(solves) * solves["repaired"].astype(float)
    return cost.fillna(np.inf) if solves["true_objective"].notna().any() else cost * np.nan


def behind(cost: pd.Series) -> pd.Series:
    """How far every cost stays behind the least: (cost - best) / |best|; 0.02 is 2 %.

    A best that is 0 to the solver's gap of the spread of all costs is no measure: then it is
    relative to the spread. Infinite and unknown costs stay what they are.
    """
    finite = cost[np.isfinite(cost)]
    if finite.empty:
        return cost
    best, spread = float(finite.min()), float(finite.max() - finite.min())
    scale = abs(best) if abs(best) > REL_GAP * spread else spread
    return (cost - best) / (scale or 1.0)
