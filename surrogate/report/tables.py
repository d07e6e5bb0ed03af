"""The tables of a study: accuracy, solving, and on what they were made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path

import pandas as pd

from surrogate.choosing import (
    Accuracy,
    Solving,
    accuracy_by_layout,
    apart,
    solving_by_layout,
)
from surrogate.conventions import REL_GAP
from surrogate.errors import InputError
from surrogate.report.front import front_table
from surrogate.report.published import NOTE, PUBLISHED, PublishedRow
from surrogate.report.refinement import refinement_table
from surrogate.report.table import Column, Table, count, digits, naming, number, table_of
from surrogate.study import BOX, Results

_ACCURACY: tuple[Column[Accuracy], ...] = (
    ("MAE x10^3 best", lambda a: digits(a.mae_best * 1e3)),
    ("median", lambda a: digits(a.mae.median * 1e3)),
    ("95 %", lambda a: f"{digits(a.mae.low * 1e3)} to {digits(a.mae.high * 1e3)}"),
    ("MSE x10^5 best", lambda a: digits(a.mse_best * 1e5)),
    ("median", lambda a: digits(a.mse.median * 1e5)),
    ("95 %", lambda a: f"{digits(a.mse.low * 1e5)} to {digits(a.mse.high * 1e5)}"),
    ("max error x10^3", lambda a: digits(a.max_error_best * 1e3)),
    ("dead", lambda a: f"{a.dead} of {a.restarts}"),
    ("act / inact / unst", lambda a: f"{a.active} / {a.inactive} / {a.unstable}"),
)

_SOLVING: tuple[Column[Solving], ...] = (
    ("restart", lambda s: f"{s.role} r{s.restart:02d}"),
    ("vars", lambda s: count(s.trial.variables)),
    ("binaries", lambda s: count(s.trial.binaries)),
    ("cons", lambda s: count(s.trial.constraints)),
    ("big-M", lambda s: number(s.trial.largest_m, ".3g")),
    ("build s", lambda s: number(s.trial.build_seconds, ".3f")),
    ("solve s", lambda s: number(s.trial.seconds.median, ".3f")),
    (
        "range",
        lambda s: f"{number(s.trial.seconds.low, '.3f')} to {number(s.trial.seconds.high, '.3f')}",
    ),
    ("nodes", lambda s: count(s.trial.nodes)),
    ("simplex it.", lambda s: count(s.trial.iterations)),
    ("status", lambda s: s.trial.statuses),
    ("audit error", lambda s: number(s.trial.audit_error, ".1e")),
    ("audits passed", lambda s: f"{s.trial.audited} of {s.trial.solves}"),
)


def report_tables(results: Results) -> list[Table]:
    """The tables that the results allow so far: accuracy, solving, decisions, refinement."""
    tables = []
    if len(results.restarts):
        tables.append(accuracy_table(results))
    if len(results.solves):
        tables.append(solver_table(results))
        if results.study.problem != BOX:
            tables.append(front_table(results))
    if len(results.refinements):
        tables.append(refinement_table(results))
    return tables


def recommendation(results: Results) -> str:
    """The recommendation in one sentence, or why there is none; said when it is provisional."""
    try:
        sentence = results.recommend().sentence
    except InputError as exc:
        sentence = f"No recommendation: {exc}."
    return sentence if results.complete else f"The study is not finished. So far: {sentence}"


def accuracy_table(results: Results) -> Table:
    """Errors, dead restarts and neuron stability per network, beside the published figures."""
    study = results.study
    found = _accuracies(results)
    keys = naming(
        found,
        ("layout", lambda a: a.layout),
        ("recipe", lambda a: a.recipe),
        ("network", lambda a: a.surrogate),
    )
    return table_of(
        title=(f"Accuracy on {study.title}, a budget of {study.neurons} neurons, {study.training}"),
        columns=(*keys, *_ACCURACY, *(_PUBLISHED if study.is_origin else ())),
        items=found,
        keys=len(keys),
        notes=(*((NOTE,) if study.is_origin else ()), *_accuracy_notes(results)),
    )


def _accuracies(results: Results) -> list[Accuracy]:
    """Per layout and recipe, and where a restart is several networks, of each of them."""
    layouts = results.study.all_layouts
    alone = apart(results.nets, results.surrogates).values()
    of_each = [accuracy_by_layout(nets, layouts) for nets in alone]
    return list(chain(*zip(*of_each, strict=True)))


def _published(form: Callable[[PublishedRow], str]) -> Callable[[Accuracy], str]:
    """What the origin published of nets of the same layout, and of its own recipe."""
    known = {("origin", row.layout): row for row in PUBLISHED}

    def cell(figures: Accuracy) -> str:
        row = known.get((figures.recipe, figures.layout))
        return form(row) if row else "-"

    return cell


_PUBLISHED: tuple[Column[Accuracy], ...] = (
    ("published MAE x10^3", _published(lambda row: f"{row.mae:g}")),
    ("MSE x10^5", _published(lambda row: f"{row.mse:g}")),
    ("printed as", _published(lambda row: row.printed)),
)


def _accuracy_notes(results: Results) -> Iterable[str]:
    study, nets = results.study, results.nets
    if len(results.surrogates) > 1:
        yield (
            "Errors on a fine grid of points that training never saw, each relative to half the "
            "range of what its network learns. Networks of one restart are solved and chosen "
            "together: the MAE of a restart is the mean over them, its largest error the largest, "
            "and one dead network makes it dead."
        )
    elif study.problem == BOX and not study.data:
        yield (
            f"Errors on {len(study.truth.grid()):,} points that training never saw; training "
            f"used {study.samples:,} random points."
        )
    else:
        yield (
            "Errors on points that training never saw: a fine grid where a function is learned, "
            "up to a fifth as many as the samples where the truth is your own, 15 % of the rows of "
            "a table; of several outputs, each relative to half its range."
        )
    several = len(results.surrogates) > 1
    yield (
        f"best: the restart with the lowest {'mean ' if several else ''}training error"
        f"{' of its networks' if several else ''}; 95 %: bootstrap interval of the median "
        "over restarts, dead ones included; dead: a constant output."
    )
    yield (
        "act / inact / unst: stable-active, stable-inactive and unstable neurons of the best "
        "restart, by interval bounds on the box."
    )
    yield (
        f"The {len(nets)} exported files agree with onnxruntime (float32) to "
        f"{nets['onnxruntime_error'].max():.1g}."
    )


def solver_table(results: Results) -> Table:
    """Model size, times, search effort, status and audit error per layout and role."""
    study, workers = results.study, int(results.environments["workers"].max())
    found = solving_by_layout(results.restarts, results.solves, study.all_layouts)
    keys = naming(
        found,
        ("layout", lambda s: s.layout),
        ("recipe", lambda s: s.recipe),
        ("encoding", lambda s: s.encoding),
    )
    return table_of(
        title=_solved(results),
        columns=(*keys, *_SOLVING),
        items=found,
        keys=len(keys) + 1,
        notes=(
            "Solve s (from the Pyomo model to the loaded solution), nodes and simplex iterations: "
            f"{'both directions together, ' if study.problem == BOX else ''}median over "
            f"{len(study.solver_seeds)} HiGHS seeds; range: smallest to largest seed.",
            f"Every solve in a fresh process, one thread, {workers} at a time, to a relative gap "
            f"of {REL_GAP:g}, at most {study.time_limit:g} s.",
            "Big-M: the largest one in the model. Audit error: the largest difference, over all "
            "solves, between a value in the solved model and the float64 forward pass; an audit "
            "passes when it is at most 1e-06 and every binary is right.",
        ),
    )


def _solved(results: Results) -> str:
    """What was solved, and how."""
    study = results.study
    how = ", ".join("OMLT ReluBigM" if e == "omlt" else e for e in study.encodings)
    if study.problem == BOX:
        return f"Solving: minimise and maximise the net over its box, {how} + HiGHS"
    name = Path(study.problem).name if study.own_problem else study.problem
    what = "the nets of each restart" if len(results.surrogates) > 1 else "each net"
    return f"Solving: the problem {name} around {what}, {how} + HiGHS"


def environment_table(environments: pd.DataFrame) -> Table:
    """On what the results were made: one column per run that added some."""
    names = [name for name in environments.columns if name != "id"]
    return Table(
        title="Made with",
        columns=("", *(f"run {i}" for i in environments["id"])),
        rows=tuple((name, *(str(value) for value in environments[name])) for name in names),
        align="left",
    )
