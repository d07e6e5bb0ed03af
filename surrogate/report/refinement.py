"""The table of a refinement: how the regret of each layout falls from round to round."""

from __future__ import annotations

from math import isnan
from typing import Any

from surrogate.choosing import surpassed
from surrogate.report.table import Table, digits, number, percent
from surrogate.study import Results


def refinement_table(results: Results) -> Table:
    """One row per layout: what its decision is worth in every round, and the errors at both ends.

    The regret where an optimum is known; otherwise the objective after the repair.
    """
    found = results.refinements
    rounds = int(found["round"].max())
    regrets = bool(found["regret"].notna().any())
    rows = []
    for layout in [name for name in results.study.all_layouts if name in set(found["layout"])]:
        mine = found[found["layout"] == layout].set_index("round")
        worth = [_worth(mine, k, regrets) for k in range(rounds + 1)]
        ends = (int(mine.index.min()), int(mine.index.max()))
        errors = [digits(1e3 * float(mine["mae"][k])) for k in ends]
        decisions = [_thousandths(mine["decision_error"][k]) for k in ends]
        seconds = number(float(mine["solve_seconds"].max()), ".2f")
        rows.append((layout, *worth, " to ".join(errors), " to ".join(decisions), seconds))
    what = "regret %" if regrets else "repaired"
    columns = (
        "layout",
        *(f"{what}, round {k}" for k in range(rounds + 1)),
        "test MAE x10^3",
        "error at decision x10^3",
        "longest solve s",
    )
    beaten = surpassed(found, results.solves)
    notes = (
        *([str(beaten)] if beaten else ()),
        "Round 0: the study's best network. Each further one is trained from the start, on the "
        "samples so far and on the truth at and around every decision; a test MAE that rises says "
        "that accuracy elsewhere was given up. none: no decision, or none that can be repaired.",
    )
    return Table("Refinement: the truth at the decisions", columns, tuple(rows), notes, keys=1)


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
