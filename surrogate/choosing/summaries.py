"""Figures per layout: how accurate its restarts are, and what solving its nets costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from surrogate.choosing.bootstrap import Spread, bootstrap_median

Role = Literal["best", "median"]


@dataclass(frozen=True)
class Accuracy:
    """How accurate one layout is, on the test grid.

    best, and everything named `..._best`, active, inactive, unstable: the restart with the lowest
    training error. mae, mse: over all restarts, dead ones included.
    """

    layout: str
    restarts: int
    dead: int
    best: int
    best_dead: bool
    mae_best: float
    mse_best: float
    max_error_best: float
    mae: Spread
    mse: Spread
    active: int
    inactive: int
    unstable: int


@dataclass(frozen=True)
class Solving:
    """What solving one net of a layout costs; minimising and maximising count together.

    seconds, nodes, iterations: sums over the two directions, then the median over HiGHS seeds.
    Of all `solves`, `solved` were optimal and `audited` found a point that passed its audit;
    audit_error is the largest. A figure that no solve gave is NaN.
    """

    layout: str
    role: Role
    restart: int
    variables: float
    binaries: float
    constraints: float
    largest_m: float
    build_seconds: float
    seconds: Spread
    nodes: float
    iterations: float
    solves: int
    solved: int
    audited: int
    statuses: str
    audit_error: float


def ranked(nets: pd.DataFrame, layout: str) -> pd.DataFrame:
    """The restarts of one layout, best first.

    By training error, as a user must choose who has no test set: a test set that picks the winner
    no longer tests it. Ties (dead nets) are broken by the restart's number.
    """
    return nets[nets["layout"] == layout].sort_values(["training_mae", "restart"])


def best_and_median(nets: pd.DataFrame, layout: str) -> dict[Role, int]:
    """The restarts that stand for a layout.

    The median one has rank n // 2 of n counted from 0, the worse of the two middle ones when n is
    even, so that it differs from the best as soon as there are two. A single restart is only best.
    """
    restarts = [int(restart) for restart in ranked(nets, layout)["restart"]]
    if len(restarts) == 1:
        return {"best": restarts[0]}
    return {"best": restarts[0], "median": restarts[len(restarts) // 2]}


def accuracy_by_layout(nets: pd.DataFrame, layouts: Sequence[str]) -> list[Accuracy]:
    """One `Accuracy` per layout that has nets, in the order of `layouts`."""
    return [_accuracy(layout, ranked(nets, layout)) for layout in _present(nets, layouts)]


def _accuracy(layout: str, group: pd.DataFrame) -> Accuracy:
    best: dict[Any, Any] = group.iloc[0].to_dict()
    return Accuracy(
        layout=layout,
        restarts=len(group),
        dead=int(group["dead"].sum()),
        best=int(best["restart"]),
        best_dead=bool(best["dead"]),
        mae_best=float(best["mae"]),
        mse_best=float(best["mse"]),
        max_error_best=float(best["max_error"]),
        mae=bootstrap_median(group["mae"].to_numpy(float)),
        mse=bootstrap_median(group["mse"].to_numpy(float)),
        active=int(best["active"]),
        inactive=int(best["inactive"]),
        unstable=int(best["unstable"]),
    )


def solving_by_layout(
    nets: pd.DataFrame, solves: pd.DataFrame, layouts: Sequence[str]
) -> list[Solving]:
    """One `Solving` per layout and role that has solves, in the order of `layouts`."""
    found = []
    for layout in _present(nets, layouts):
        for role, restart in best_and_median(nets, layout).items():
            group = solves[(solves["layout"] == layout) & (solves["restart"] == restart)]
            if len(group):
                found.append(_solving(layout, role, restart, group))
    return found


def _solving(layout: str, role: Role, restart: int, group: pd.DataFrame) -> Solving:
    names = ["variables", "binaries", "constraints", "largest_m", "build_seconds"]
    sizes = group[names].astype(float).median()
    efforts = group[["solver_seed", "solve_seconds", "nodes", "iterations"]].astype(float)
    sums = efforts.groupby("solver_seed").sum(min_count=2)  # a seed counts with both directions
    seconds = sums["solve_seconds"]
    return Solving(
        layout=layout,
        role=role,
        restart=restart,
        **{str(name): float(value) for name, value in sizes.items()},
        seconds=Spread(float(seconds.median()), float(seconds.min()), float(seconds.max())),
        nodes=float(sums["nodes"].median()),
        iterations=float(sums["iterations"].median()),
        solves=len(group),
        solved=int((group["status"] == "optimal").sum()),
        audited=int(group["audit_passed"].eq(True).sum()),
        statuses=", ".join(f"{n} {s}" for s, n in group["status"].value_counts().items()),
        audit_error=float(group["audit_error"].astype(float).max()),
    )


def _present(nets: pd.DataFrame, layouts: Sequence[str]) -> list[str]:
    present = set(nets["layout"])
    return [layout for layout in layouts if layout in present]
