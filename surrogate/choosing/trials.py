"""Trials: what the solves of one net under one encoding say together.

A net is solved in every sense of its problem (a box has two) and with one or more HiGHS seeds. The
senses of a seed belong together: their efforts add up, and the worst decision counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from surrogate.choosing.bootstrap import Spread
from surrogate.choosing.worth import behind, costs, sign

Key = tuple[str, str, str, int]
"""Layout, recipe, encoding, restart."""

_KEY = ["layout", "recipe", "encoding", "restart"]
_SIZES = ["variables", "binaries", "constraints", "largest_m", "build_seconds"]
_EFFORTS = ["solve_seconds", "nodes", "iterations"]
_LARGEST = ["audit_error", "violation", "decision_error"]


@dataclass(frozen=True)
class Trial:
    """One net under one encoding, over all its solves. A figure that no solve gave is NaN.

    variables to build_seconds   medians over the solves
    seconds, nodes, iterations   sums over the senses, then the median over seeds (for seconds with
                                 the range); a seed counts with all its senses
    solves, solved, timeouts, audited   how many there are, are optimal, stopped at the time limit,
                                 found a point that passed its audit; statuses: the same in words
    audit_error, violation, decision_error   the largest of all solves
    boundary   whether any optimum lies on the boundary of the validity domain
    regret     the largest of the senses, then the median over seeds. Infinite where it is not known
               though the study knows others: there was no decision that the truth could repair,
               which is worse than any. NaN where nothing is known: no truth, or no seed has all its
               senses yet
    repaired, behind   the objective after the repair, and how far it stays behind the best of the
               study (`worth.behind`): the same of them, known wherever a truth is; repaired is
               infinite, or minus infinity when maximised, where there is none
    """

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
    timeouts: int
    audited: int
    statuses: str
    audit_error: float
    violation: float
    decision_error: float
    boundary: bool
    regret: float
    repaired: float
    behind: float


def trials(solves: pd.DataFrame) -> dict[Key, Trial]:
    """One `Trial` per net and encoding that has solves."""
    if solves.empty:
        return {}
    senses = solves["sense"].nunique()
    frame = pd.concat(
        [
            solves[_SIZES].astype(float).groupby(_keys(solves)).median(),
            _efforts(solves, senses),
            _counts(solves),
            _statuses(solves),
            solves[_LARGEST].astype(float).groupby(_keys(solves)).max(),
            _worths(solves, senses),
        ],
        axis=1,
    )
    records: list[dict[Any, Any]] = frame.to_dict("records")
    return {key: _trial(record) for key, record in zip(frame.index, records, strict=True)}


def _trial(record: dict[Any, Any]) -> Trial:
    spread = Spread(*(record.pop(name) for name in ("solve_seconds", "fastest", "slowest")))
    return Trial(seconds=spread, **record)


def _keys(solves: pd.DataFrame) -> list[pd.Series]:
    return [solves[name] for name in _KEY]


def _efforts(solves: pd.DataFrame, senses: int) -> pd.DataFrame:
    keys = [*_keys(solves), solves["solver_seed"]]
    sums = solves[_EFFORTS].astype(float).groupby(keys).sum(min_count=senses)
    over_seeds = sums.groupby(_KEY)
    seconds = over_seeds["solve_seconds"]
    return over_seeds.median().assign(fastest=seconds.min(), slowest=seconds.max())


def _counts(solves: pd.DataFrame) -> pd.DataFrame:
    flags = pd.DataFrame(
        {
            "solves": True,
            "solved": solves["status"] == "optimal",
            "timeouts": solves["status"].isin(["time_limit", "time_limit_no_solution"]),
            "audited": _true(solves["audit_passed"]),
            "boundary": _true(solves["boundary"]),
        },
        index=solves.index,
    )
    counts = flags.groupby(_keys(solves)).sum()
    return counts.assign(boundary=counts["boundary"] > 0)


def _true(column: pd.Series) -> pd.Series:
    return column.eq(True).fillna(False).astype(bool)


def _statuses(solves: pd.DataFrame) -> pd.Series:
    """Such as "4 optimal, 2 time_limit", the most frequent first."""
    counts = solves.groupby([*_KEY, "status"]).size()
    counts = counts.sort_values(ascending=False, kind="stable")
    texts: dict[Any, list[str]] = {}
    for key, n in zip(counts.index, counts, strict=True):
        texts.setdefault(key[:-1], []).append(f"{n} {key[-1]}")
    return pd.Series({key: ", ".join(parts) for key, parts in texts.items()}, name="statuses")


def _worths(solves: pd.DataFrame, senses: int) -> pd.DataFrame:
    regret, cost = solves["regret"].astype(float), costs(solves)
    if regret.notna().any():
        regret = regret.fillna(np.inf)
    losses = pd.DataFrame({"regret": regret, "repaired": cost, "behind": behind(cost)})
    losses = losses.mask(solves["status"] == "failed")  # it crashed: nothing is known
    by_seed = losses.groupby([*_keys(solves), solves["solver_seed"]])
    worst = by_seed.max().where(by_seed.count() == senses)
    found = worst.groupby(_KEY).median()
    return found.assign(repaired=sign(solves) * found["repaired"])
