"""Runs of several solvers on the same instances: tables of times, ratios, progress, the machine."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from timing import Outcome, shifted_geometric_mean

from surrogate.box import FloatArray
from surrogate.report.table import Table, digits
from surrogate.study.environment import Environment

ABSOLUTE = 1e-5  # solvers honour constraints to 1e-6 each, and some of these are scaled
REFUSALS = {"too large for the limited licence": "licence", "no licence": "licence"}


@dataclass(frozen=True)
class Run:
    """One timed solve. `group` names the table (such as T = 4), `row` its row (the layout)."""

    solver: str
    group: str
    row: str
    seed: int
    outcome: Outcome


def mean_seconds(runs: Iterable[Run]) -> float:
    """Shifted geometric mean of the runs that say something about time; NaN when none does."""
    return shifted_geometric_mean(run.outcome.counted for run in runs if run.outcome.timed)


def mean_cell(runs: Sequence[Run]) -> str:
    """Their mean as text, with a star when some of them have no time."""
    timed = [run for run in runs if run.outcome.timed]
    star = "" if len(timed) == len(runs) else "*"
    return digits(mean_seconds(timed)) + star if timed else "-"


def cell(runs: Sequence[Run]) -> str:
    """The time of one solver on one instance (all seeds), its timeouts and its largest gap."""
    timed = [run.outcome for run in runs if run.outcome.timed]
    if not timed:
        (answer, *_) = (run.outcome.answer for run in runs)
        return REFUSALS.get(answer.note, answer.status)
    out = [outcome for outcome in timed if not outcome.solved]
    if not out:
        return digits(mean_seconds(runs))
    if len(out) == len(timed):
        return f"> {out[0].limit:g} ({_gap(out)})"
    return f"{digits(mean_seconds(runs))} ({len(out)} of {len(timed)} out, {_gap(out)})"


def gap_cell(runs: Sequence[Run]) -> str:
    """The largest gap in percent with which one solver ended one instance."""
    timed = [run.outcome for run in runs if run.outcome.timed]
    if not timed:
        (answer, *_) = (run.outcome.answer for run in runs)
        return REFUSALS.get(answer.note, answer.status)
    return "proved" if all(outcome.solved for outcome in timed) else _gap(timed)


def _gap(outcomes: Iterable[Outcome]) -> str:
    """The largest gap of some timeouts, or what is missing."""
    worst = max(outcomes, key=lambda outcome: outcome.gap)
    if worst.answer.objective is None:
        return "no solution"
    if worst.answer.bound is None:
        return "no bound"
    return f"gap {digits(100.0 * worst.gap)} %" if math.isfinite(worst.gap) else "no gap"


def times_table(
    group: str,
    runs: Sequence[Run],
    headings: Mapping[str, str],
    what: str = "layout",
    over: str = "the solver seeds",
) -> Table:
    """Seconds per row and solver of one group, and the mean over the rows."""
    here = [run for run in runs if run.group == group]
    rows = []
    for row in unique(run.row for run in here):
        cells = (cell([r for r in here if (r.row, r.solver) == (row, s)]) for s in headings)
        rows.append((row, *cells))
    rows.append(("mean", *(mean_cell([r for r in here if r.solver == s]) for s in headings)))
    limit = here[0].outcome.limit
    reasons = unique(
        f"{headings[run.solver]}, {run.row}: {run.outcome.answer.note}"
        for run in here
        if not run.outcome.timed
    )
    note = (
        f"Shifted geometric means (shift 1 s) over {over}; a timeout counts as the limit, and is "
        "shown with its largest gap; * leaves out what has no time."
    )
    return Table(
        f"{group}: seconds to the proved optimum, limit {limit:g} s",
        (what, *headings.values()),
        tuple(rows),
        (note, *reasons),
    )


def times_faster(runs: Sequence[Run], fast: str, slow: str) -> float:
    """Mean seconds of `slow` over those of `fast`, on the solves where both were timed."""
    seconds: dict[str, dict[tuple[str, str, int], float]] = {fast: {}, slow: {}}
    for run in runs:
        if run.solver in seconds and run.outcome.timed:
            key = (run.group, run.row, run.seed)
            seconds[run.solver][key] = run.outcome.counted
    both = seconds[fast].keys() & seconds[slow].keys()
    means = {s: shifted_geometric_mean(seconds[s][key] for key in both) for s in (fast, slow)}
    return means[slow] / means[fast] if both else math.nan


def ratio_table(
    title: str, runs: Sequence[Run], columns: Sequence[tuple[str, str, str]], notes: Sequence[str]
) -> Table:
    """Per group and over all: a column (heading, fast, slow) is how many times faster `fast` is."""
    groups = unique(run.group for run in runs)
    rows = []
    for name in [*groups, "all"]:
        part = [run for run in runs if name in (run.group, "all")]
        ratios = [times_faster(part, fast, slow) for _, fast, slow in columns]
        rows.append((name, *("-" if math.isnan(r) else f"{digits(r)}x" for r in ratios)))
    return Table(title, ("", *(heading for heading, _, _ in columns)), tuple(rows), tuple(notes))


@dataclass(frozen=True)
class Agreement:
    """What the solvers say about one instance, and what the network does.

    value    the smallest objective at any solver's inputs, by the network's float64 forward pass
    bound    the largest proved lower bound
    error    the largest |objective - forward pass| of any solution
    complaints   one line per answer that contradicts another, or the network
    """

    value: float
    bound: float
    error: float
    complaints: tuple[str, ...]


def compare(
    label: str,
    runs: Sequence[Run],
    value_at: Callable[[FloatArray], float],
    rel_gap: float,
    *,
    decisions: bool = False,
) -> Agreement:
    """Compare the answers to one minimisation, timeouts included.

    With v the smallest value found by anyone and tol = 1.1 rel_gap |v| + 1e-5: a bound above
    v + tol is wrong; so is a proved optimum further than tol from v, or from the forward pass at
    its own inputs.

    decisions   whether there are others than the inputs, for which `value_at` takes the best: then
                only a proved optimum has to equal it, and only its error counts
    """
    answers = [run.outcome.answer for run in runs]
    values = [value_at(np.array(answer.x)) if answer.x else math.nan for answer in answers]
    found = [value for value in values if not math.isnan(value)]
    best = min(found, default=math.inf)
    tol = 1.1 * rel_gap * abs(best) + ABSOLUTE if found else math.inf
    errors, complaints = [0.0], []
    for run, answer, value in zip(runs, answers, values, strict=True):
        name = f"{label}, {run.solver} seed {run.seed}"
        if answer.bound is not None and answer.bound > best + tol:
            complaints.append(f"{name}: bound {answer.bound:.8g} above {best:.8g}, a value found")
        if answer.objective is None or math.isnan(value):
            continue
        error = abs(answer.objective - value)
        if run.outcome.solved or not decisions:
            errors.append(error)
        if run.outcome.solved and abs(answer.objective - best) > tol:
            complaints.append(f"{name}: optimum {answer.objective:.8g}, others found {best:.8g}")
        if run.outcome.solved and error > tol:
            complaints.append(
                f"{name}: optimum {answer.objective:.8g}, the network says {value:.8g}"
            )
    bounds = [answer.bound for answer in answers if answer.bound is not None]
    return Agreement(best, max(bounds, default=-math.inf), max(errors), tuple(complaints))


def described(outcome: Outcome) -> str:
    """One solve in a few words, for the progress."""
    answer = outcome.answer
    return f"{answer.status} {digits(outcome.seconds)} s {answer.note}".rstrip()


def figure(value: float) -> str:
    """An objective or a bound, `-` when there is none."""
    return f"{value:.6f}" if math.isfinite(value) else "-"


def unique(items: Iterable[str]) -> list[str]:
    """The items without repetitions, in the order of their first appearance."""
    return list(dict.fromkeys(items))


def progress(text: str) -> None:
    """One line on stderr."""
    print(text, file=sys.stderr, flush=True)


def machine(distributions: Iterable[str]) -> str:
    """One line: processor, system, and the versions of Python and some distributions."""
    environment = Environment.current(1)
    versions = [f"{name} {_version(name)}" for name in unique(distributions)]
    return "; ".join(
        [
            f"{environment.cpu}, {environment.cores} cores, {environment.platform}",
            f"Python {environment.python}",
            *versions,
        ]
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
