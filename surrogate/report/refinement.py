"""The table of a refinement: how the regret of each layout falls from round to round."""

from __future__ import annotations

from itertools import product
from math import isnan
from typing import Any

import pandas as pd

from surrogate.choosing import surpassed
from surrogate.report.table import Table, digits, number, percent
from surrogate.study import Results


def refinement_table(results: Results) -> Table:
    """One row per layout and recipe: what its decision is worth in every round, and the errors.

    The regret where an optimum is known; otherwise the objective after the repair. The errors are
    those of the first and the last round, of several networks together.
    """
    found = _rounds(results.refinements)
    rounds = int(found["round"].max())
    regrets = bool(found["regret"].notna().any())
    rows = []
    several = found["recipe"].nunique() > 1
    refined = dict(iter(found.groupby(["layout", "recipe"])))
    pairs = product(results.study.all_layouts, sorted(results.study.recipes))
    for key in (pair for pair in pairs if pair in refined):
        mine = refined[key].set_index("round")
        worth = [_worth(mine, k, regrets) for k in range(rounds + 1)]
        ends = (int(mine.index.min()), int(mine.index.max()))
        errors = [digits(1e3 * float(mine["mae"][k])) for k in ends]
        decisions = [_thousandths(mine["decision_error"][k]) for k in ends]
        seconds = number(float(mine["solve_seconds"].max()), ".2f")
        change = (" to ".join(errors), " to ".join(decisions))
        rows.append((*key[: 1 + several], *worth, *change, seconds))
    what = "regret %" if regrets else "repaired"
    columns = (
        *("layout", "recipe")[: 1 + several],
        *(f"{what}, round {k}" for k in range(rounds + 1)),
        "test MAE x10^3",
        "error at decision x10^3",
        "longest solve s",
    )
    beaten = surpassed(found, results.solves)
    notes = (
        *([str(beaten)] if beaten else ()),
        f"Round 0: the study's best {'restart' if len(results.surrogates) > 1 else 'network'}. "
        "Each further one is trained from the start, on the "
        "samples so far and on the truth at and around every decision; a test MAE that rises says "
        "that accuracy elsewhere was given up. none: no decision, or none that can be repaired.",
    )
    return Table("Refinement: the truth at the decisions", columns, tuple(rows), notes, 1 + several)


def _rounds(refinements: pd.DataFrame) -> pd.DataFrame:
    """One row per round: the MAE is the mean over its networks, the rest they have in common."""
    key = ["layout", "recipe", "round"]
    mean = refinements.groupby(key)["mae"].transform("mean")
    return refinements.assign(mae=mean).drop_duplicates(key)


def _worth(mine: Any, k: int, regrets: bool) -> str:
    if k not in mine.index:
        return "-"
    row = mine.loc[k]
    value = row["regret"] if regrets else row["repaired"]
    if value is None or isnan(value):
        return "none"
    return percent(float(value)) if regrets else digits(float(value))


def _thousandths(value: Any) -> str:
    return "-" if value is None or isnan(value) else digits(1e3 * float(value))
