"""The tables of a report, as plain text cells, ready for any rendering."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from surrogate.choosing import accuracy_by_layout, candidates, solving_by_layout
from surrogate.errors import InputError
from surrogate.report.published import NOTE, PUBLISHED
from surrogate.study import Results


@dataclass(frozen=True)
class Table:
    """A title, column headings, rows of text cells, and one line per note under the table.

    The first column is aligned left, the others by `align`.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    align: Literal["left", "right"] = "right"


def report_tables(results: Results) -> list[Table]:
    """The tables that the results allow so far: accuracy, then solving."""
    tables = []
    if len(results.nets):
        tables.append(accuracy_table(results))
    if len(results.solves):
        tables.append(solver_table(results))
    return tables


def recommendation(results: Results) -> str:
    """The recommendation in one sentence, or why there is none."""
    try:
        return results.recommend().sentence
    except InputError as exc:
        return f"No recommendation: {exc}."


def accuracy_table(results: Results) -> Table:
    """Errors, dead restarts and neuron stability per layout, beside the published figures."""
    study = results.study
    published = {row.layout: row for row in PUBLISHED}
    beside = study.function == "xy" and study.neurons == 24
    rows = []
    for row in accuracy_by_layout(results.nets, study.all_layouts):
        cells = [
            row.layout,
            _digits(row.mae_best * 1e3),
            _digits(row.mae.median * 1e3),
            f"{_digits(row.mae.low * 1e3)} to {_digits(row.mae.high * 1e3)}",
            _digits(row.mse_best * 1e5),
            _digits(row.mse.median * 1e5),
            f"{_digits(row.mse.low * 1e5)} to {_digits(row.mse.high * 1e5)}",
            _digits(row.max_error_best * 1e3),
            f"{row.dead} of {row.restarts}",
            f"{row.active} / {row.inactive} / {row.unstable}",
        ]
        if beside:
            known = published.get(row.layout)
            cells += [f"{known.mae:g}", f"{known.mse:g}", known.printed] if known else ["-"] * 3
        rows.append(tuple(cells))
    columns: tuple[str, ...] = (
        "layout",
        "MAE x10^3 best",
        "median",
        "95 %",
        "MSE x10^5 best",
        "median",
        "95 %",
        "max error x10^3",
        "dead",
        "act / inact / unst",
    )
    if beside:
        columns += ("published MAE x10^3", "MSE x10^5", "printed as")
    truth = study.truth
    return Table(
        title=f"Accuracy on {truth.formula}, {study.neurons} neurons, {study.epochs} epochs",
        columns=columns,
        rows=tuple(rows),
        notes=(*((NOTE,) if beside else ()), *_accuracy_notes(results)),
    )


def _accuracy_notes(results: Results) -> Iterable[str]:
    study = results.study
    yield (
        f"Errors on a grid of {len(study.truth.grid()):,} points that training never saw; training "
        f"used {study.samples:,} random points."
    )
    yield (
        "best: the restart with the lowest training error; 95 %: bootstrap interval of the median "
        "over restarts, dead ones included; dead: a constant output."
    )
    yield (
        "act / inact / unst: stable-active, stable-inactive and unstable neurons of the best "
        "restart, by interval bounds on the box."
    )
    worst = results.nets["onnxruntime_error"].max()
    yield (
        f"All {len(results.nets)} exported files agree with onnxruntime (float32) to {worst:.1g}."
    )


def solver_table(results: Results) -> Table:
    """Model size, times, search effort, status and audit error per layout and role."""
    rows = []
    for row in solving_by_layout(results.nets, results.solves, results.study.all_layouts):
        solved = f"optimal ({row.solved})" if row.solved == row.solves else row.statuses
        rows.append(
            (
                row.layout,
                f"{row.role} r{row.restart:02d}",
                _count(row.variables),
                _count(row.binaries),
                _count(row.constraints),
                _number(row.largest_m, ".3g"),
                _number(row.build_seconds, ".3f"),
                _number(row.seconds.median, ".3f"),
                f"{_number(row.seconds.low, '.3f')} to {_number(row.seconds.high, '.3f')}",
                _count(row.nodes),
                _count(row.iterations),
                solved,
                _number(row.audit_error, ".1e"),
            )
        )
    study = results.study
    workers = int(results.environments["workers"].max())
    return Table(
        title="Solving: minimise and maximise the net over its box, OMLT ReluBigM + HiGHS",
        columns=(
            "layout",
            "restart",
            "vars",
            "binaries",
            "cons",
            "big-M",
            "build s",
            "solve s",
            "range",
            "nodes",
            "simplex it.",
            "status",
            "audit error",
        ),
        rows=tuple(rows),
        notes=(
            f"Solve s (from the Pyomo model to the loaded solution), nodes and iterations: both "
            f"directions together, median over "
            f"{len(study.solver_seeds)} HiGHS seeds; range: smallest to largest seed. Every solve "
            f"in a fresh process, one thread, {workers} at a time; a timeout counts "
            f"{study.time_limit:g} s.",
            "Big-M: the largest one in the model. Audit error: the largest difference, over all "
            "solves, between a value in the solved model and the float64 forward pass.",
        ),
    )


def front_table(results: Results) -> Table:
    """What the plot shows, in figures: accuracy against solve seconds, and who is on the front."""
    return Table(
        title="Accuracy against solve time, best restart of each layout",
        columns=("layout", "test MAE x10^3", "solve s", "Pareto front", "most accurate in"),
        rows=tuple(
            (
                row.layout,
                _digits(row.mae * 1e3),
                _number(row.seconds, ".3f"),
                "yes" if row.on_front else "dead" if row.dead else "",
                f"{row.wins:.0%}" if row.eligible else "",
            )
            for row in candidates(results.nets, results.solves, results.study.all_layouts)
        ),
        notes=(
            "Most accurate in: share of 10,000 bootstrap resamples over restarts in which the "
            "layout's best net has the lowest test MAE. Dead: the net is constant, so solving it "
            "fast is worth nothing.",
        ),
    )


def environment_table(environments: pd.DataFrame) -> Table:
    """On what the results were made: one column per run that added some."""
    names = [name for name in environments.columns if name != "id"]
    return Table(
        title="Made with",
        columns=("", *(f"run {i}" for i in environments["id"])),
        rows=tuple((name, *(str(value) for value in environments[name])) for name in names),
        align="left",
    )


def _number(value: float, form: str) -> str:
    return "-" if math.isnan(value) else format(value, form)


def _digits(value: float) -> str:
    """Three significant digits, never in exponent form: the columns are meant to be compared."""
    return f"{value:#.3g}".rstrip(".") if abs(value) < 1000 else f"{float(f'{value:.3g}'):,.0f}"


def _count(value: float) -> str:
    return _number(value, ",.0f")
