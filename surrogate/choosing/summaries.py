"""Figures per architecture: how accurate its restarts are, what solving costs, how good it decides.

An architecture is a layout, the recipe that trained it and the encoding that embeds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import numpy as np
import pandas as pd

from surrogate.box import FloatArray
from surrogate.choosing.bootstrap import (
    Share,
    Spread,
    bootstrap_median,
    bootstrap_share,
)
from surrogate.choosing.trials import Trial, trials

Role = Literal["best", "median"]

_RANK = ["training_mae", "restart"]
_FEASIBLE = 1e-6  # a larger violation under the truth makes a decision infeasible


@dataclass(frozen=True)
class Accuracy:
    """How accurate a layout trained by one recipe is, on the test grid.

    best, and everything named `..._best`, active, inactive, unstable: the restart with the lowest
    training error. mae, mse, max_error: over all restarts, dead ones included. networks: how many a
    restart has; surrogate: which of them it is about, empty for all together.
    """

    layout: str
    recipe: str
    surrogate: str
    networks: int
    restarts: int
    dead: int
    best: int
    best_dead: bool
    mae_best: float
    mse_best: float
    max_error_best: float
    mae: Spread
    mse: Spread
    max_error: Spread
    active: int
    inactive: int
    unstable: int


@dataclass(frozen=True)
class Solving:
    """What solving one net of an architecture costs: its best restart, or its median one."""

    layout: str
    recipe: str
    encoding: str
    role: Role
    restart: int
    trial: Trial


@dataclass(frozen=True)
class Deciding:
    """What the decisions of an architecture are worth under the truth; NaN where none is known.

    regret, error      of the best restart: the regret, and the largest |net - truth| at the
                       decision; a regret is infinite where there is no decision to repair
    repaired, behind   of the best restart: the objective after the repair, and how far it stays
                       behind the best of the study; infinite as the regret is
    regrets, errors, behinds   the same over the restarts that were solved
    seconds            solve seconds over these restarts, each the median of its seeds
    infeasible         in how many of them a decision violates the model's rows by more than 1e-6
                       under the truth, before the repair
    violation          the largest of these violations
    boundary           an optimum of the best restart is on the boundary of the validity domain
    """

    regret: float
    error: float
    repaired: float
    behind: float
    regrets: Spread
    errors: Spread
    behinds: Spread
    seconds: Spread
    infeasible: Share
    violation: float
    boundary: bool


def ranked(nets: pd.DataFrame, layout: str, recipe: str) -> pd.DataFrame:
    """The restarts of one layout and recipe, best first.

    By training error, as a user must choose who has no test set: a test set that picks the winner
    no longer tests it. Ties (dead nets) are broken by the restart's number.
    """
    mine = (nets["layout"] == layout) & (nets["recipe"] == recipe)
    return nets[mine].sort_values(_RANK)


def roles(group: pd.DataFrame) -> dict[Role, int]:
    """The restarts that stand for a layout and recipe, of all of them, best first (`ranked`).

    The median one has rank n // 2 of n counted from 0, the worse of the two middle ones when n is
    even, so that it differs from the best as soon as there are two. A single restart is only best.
    """
    restarts = [int(restart) for restart in group["restart"]]
    if len(restarts) == 1:
        return {"best": restarts[0]}
    return {"best": restarts[0], "median": restarts[len(restarts) // 2]}


def accuracy_by_layout(nets: pd.DataFrame, layouts: Sequence[str]) -> list[Accuracy]:
    """One `Accuracy` per layout and recipe that has nets, in the order of `layouts`."""
    return [accuracy(group) for group in ranked_groups(nets, layouts)]


def ranked_groups(nets: pd.DataFrame, layouts: Sequence[str]) -> Iterator[pd.DataFrame]:
    """`ranked` for every layout and recipe that has nets, in the order of `layouts`."""
    groups = dict(iter(nets.sort_values(_RANK).groupby(["layout", "recipe"])))
    recipes = sorted(nets["recipe"].unique())
    for key in product(layouts, recipes):
        if key in groups:
            yield groups[key]


def accuracy(group: pd.DataFrame) -> Accuracy:
    """The figures of one layout and recipe, from its restarts, best first."""
    best: dict[Any, Any] = group.iloc[0].to_dict()
    return Accuracy(
        layout=str(best["layout"]),
        recipe=str(best["recipe"]),
        surrogate=str(best.get("surrogate", "")),
        networks=int(best.get("networks", 1)),
        restarts=len(group),
        dead=int(group["dead"].sum()),
        best=int(best["restart"]),
        best_dead=bool(best["dead"]),
        mae_best=float(best["mae"]),
        mse_best=float(best["mse"]),
        max_error_best=float(best["max_error"]),
        mae=bootstrap_median(group["mae"].to_numpy(float)),
        mse=bootstrap_median(group["mse"].to_numpy(float)),
        max_error=bootstrap_median(group["max_error"].to_numpy(float)),
        active=int(best["active"]),
        inactive=int(best["inactive"]),
        unstable=int(best["unstable"]),
    )


def solving_by_layout(
    nets: pd.DataFrame, solves: pd.DataFrame, layouts: Sequence[str]
) -> list[Solving]:
    """One `Solving` per architecture and role that has solves, in the order of `layouts`."""
    tried = trials(solves)
    found = []
    for group in ranked_groups(nets, layouts):
        layout, recipe = str(group["layout"].iloc[0]), str(group["recipe"].iloc[0])
        for encoding in encodings(solves):
            for role, restart in roles(group).items():
                trial = tried.get((layout, recipe, encoding, restart))
                if trial:
                    found.append(Solving(layout, recipe, encoding, role, restart, trial))
    return found


def encodings(solves: pd.DataFrame) -> list[str]:
    """The encodings of a study, in alphabetical order."""
    return sorted(solves["encoding"].unique())


def deciding(tried: Sequence[Trial], best: Trial | None) -> Deciding:
    """The decisions of one architecture, from the trials of all its restarts and of the best."""
    violations = _known(t.violation for t in tried)
    return Deciding(
        regret=best.regret if best else np.nan,
        error=best.decision_error if best else np.nan,
        repaired=best.repaired if best else np.nan,
        behind=best.behind if best else np.nan,
        regrets=bootstrap_median(_known(t.regret for t in tried)),
        errors=bootstrap_median(_known(t.decision_error for t in tried)),
        behinds=bootstrap_median(_known(t.behind for t in tried)),
        seconds=bootstrap_median(_known(t.seconds.median for t in tried)),
        infeasible=bootstrap_share(int(np.sum(violations > _FEASIBLE)), len(violations)),
        violation=float(violations.max()) if len(violations) else np.nan,
        boundary=best is not None and best.boundary,
    )


def _known(values: Iterable[float]) -> FloatArray:
    found = np.array(list(values), dtype=np.float64)
    return found[~np.isnan(found)]
