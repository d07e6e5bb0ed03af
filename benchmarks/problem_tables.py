"""The tables of benchmarks/problems.py, and whether its two solvers contradict each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from comparing import ABSOLUTE, Run, cell, unique
from problem_solves import SOLVERS, Judged

from surrogate.problems import PROBLEMS
from surrogate.report import Table
from surrogate.report.table import digits

HAVERLY, CLOSE, SOON = "haverly1", 0.02, 30.0  # the second table: a regret, and seconds of auto


def layouts_table(runs: Sequence[Run], maes: Mapping[tuple[str, str], tuple[float, ...]]) -> Table:
    """One row per problem and layout."""
    rows = []
    for problem, layout in dict.fromkeys((run.group, run.row) for run in runs):
        here = [run for run in runs if (run.group, run.row) == (problem, layout)]
        by = {solver: [run for run in here if run.solver == solver] for solver in SOLVERS}
        answers = [run.outcome.answer for run in by["auto"]]
        errors = [answer.error for answer in answers]
        proved = [s for s, some in by.items() if all(run.outcome.solved for run in some)]
        rows.append(
            (
                problem,
                layout,
                " / ".join(map(figure, maes[problem, layout])),
                percent([answer.regret for answer in answers]),
                percent([claim_off(problem, answer) for answer in answers]),
                "-" if None in errors else figure(max(errors)),
                *(cell(some) for some in by.values()),
                " and ".join(proved) or "neither",
            )
        )
    columns = ("problem", "layout", "test MAE", "regret, %", "claim off, %", "error at decision",
               *(f"{solver}, s" for solver in SOLVERS), "proved")  # fmt: skip
    scales = [
        f"{name}: {PROBLEMS[name].title}; optimum {PROBLEMS[name].optimum:.6g}, "
        f"scale {PROBLEMS[name].scale:.6g}."
        for name in unique(run.group for run in runs)
    ]
    note = (
        "Regret, claim and error at the decision: of auto, the largest of the solver seeds. Claim "
        "off: how far the model's objective is from what the repaired decision is worth. Seconds: "
        "shifted geometric means (shift 1 s) over the seeds; a timeout counts as the limit, and "
        "is shown with its largest gap."
    )
    return Table("Layout x problem", columns, tuple(rows), (note, *scales), keys=2)


def haverly_table(layout: str, runs: Sequence[Run]) -> Table:
    """What the net with the least test MAE decides for Haverly 1, by both solvers."""
    rows = []
    for solver in SOLVERS:
        here = [run for run in runs if run.solver == solver]
        answers = [run.outcome.answer for run in here]
        profits = [answer.repaired for answer in answers]
        claims = [answer.objective for answer in answers]
        rows.append(
            (
                solver,
                "-" if None in claims else f"{min(claims):.2f}",
                "-" if None in profits else f"{min(profits):.2f}",
                percent([answer.regret for answer in answers]),
                cell(here),
            )
        )
    auto = [run.outcome for run in runs if run.solver == "auto"]
    close = all(o.answer.regret is not None and o.answer.regret <= CLOSE for o in auto)
    soon = all(o.solved and o.seconds < SOON for o in auto)
    marks = (
        f"auto: within {100 * CLOSE:g} % of the optimum {'yes' if close else 'NO'}, "
        f"proved in under {SOON:g} s {'yes' if soon else 'NO'}, with every solver seed."
    )
    note = "Profits: the least of the solver seeds; claimed: the model's objective."
    return Table(
        f"Haverly 1, optimum {PROBLEMS[HAVERLY].optimum:g}, "
        f"with the net of the least test MAE, {layout}",
        ("solver", "claimed profit", "true profit after repair", "regret, %", "s"),
        tuple(rows),
        (note, marks),
    )


def contradictions(runs: Sequence[Run], rel_gap: float) -> list[str]:
    """One line per proved bound that a solution of the same model contradicts."""
    complaints = []
    for problem, layout in dict.fromkeys((run.group, run.row) for run in runs):
        sign = 1.0 if PROBLEMS[problem].sense == "minimize" else -1.0
        here = [run for run in runs if (run.group, run.row) == (problem, layout)]
        values = [run.outcome.answer.objective for run in here]
        best = min((sign * value for value in values if value is not None), default=None)
        for run in here:
            bound = run.outcome.answer.bound
            if best is None or bound is None:
                continue
            if sign * bound > best + 1.1 * rel_gap * abs(best) + ABSOLUTE:
                complaints.append(
                    f"{problem}, {layout}, {run.solver} seed {run.seed}: bound {bound:.8g}, but a "
                    f"solution has {sign * best:.8g}"
                )
    return complaints


def claim_off(problem: str, answer: Judged) -> float | None:
    """|model's objective - the repaired one|, relative to the problem's scale."""
    if answer.objective is None or answer.repaired is None:
        return None
    return abs(answer.objective - answer.repaired) / PROBLEMS[problem].scale


def percent(shares: Sequence[float | None]) -> str:
    """The largest of them in %; `-` where one is not known."""
    known = [share for share in shares if share is not None]
    return f"{100 * max(known):z.2f}" if known and len(known) == len(shares) else "-"


def figure(value: float) -> str:
    """Three significant digits, in exponent form when small."""
    return digits(value) if value >= 1e-4 else f"{value:.1e}"
