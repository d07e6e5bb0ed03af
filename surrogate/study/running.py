"""`run`: a study from its spec to its results folder, resumable at every task."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from surrogate.errors import InputError, StoreError
from surrogate.isolation import Failed, Finished
from surrogate.layouts import layout_widths
from surrogate.study.deciding import solve_problem
from surrogate.study.environment import Environment
from surrogate.study.refining import refine_layout
from surrogate.study.results import Results
from surrogate.study.rows import RefineTask, TrainingTask
from surrogate.study.spec import Study
from surrogate.study.store import Store, holds_results, nets_folder
from surrogate.study.subject import fingerprint, glimpse_of, subject_of
from surrogate.study.trial import train_layout
from surrogate.study.watching import Listener, watched

T = TypeVar("T")
R = TypeVar("R")


def run(
    study: Study,
    out: str | Path | None = None,
    *,
    workers: int | None = None,
    resume: bool = False,
    refine: int = 0,
    on_progress: Listener = lambda _: None,
) -> Results:
    """Train every layout by every recipe, then solve, each task in a fresh process.

    out      the results folder, runs/NAME when None
    workers  tasks at once, the number of cores when None; it changes no net, only the time
    resume   continue a folder that holds part of the same study; without it such a folder is an
             error, so that results are never mixed by accident
    refine   rounds of refinement (`surrogate.study.refining`) of every layout's best restart

    Whatever is finished is stored at once: an interrupt (`KeyboardInterrupt` passes through) loses
    only the tasks that were running. A task that fails is listed in the results and tried again by
    the next resume. Raises `InputError` for wrong values, samples or a problem's file that cannot
    be used, and `StoreError` for an unusable folder. Warns with `HullWarning` when decisions are to
    be held to a hull that leaves out more than a tenth of the samples.
    """
    if not isinstance(study, Study):
        raise InputError(f"{study!r} is no Study but {type(study).__name__}; use Study.load(path)")
    workers = (os.cpu_count() or 1) if workers is None else workers
    if workers < 1:
        raise InputError(f"workers = {workers}: give at least 1")
    if refine < 0:
        raise InputError(f"refine = {refine}: give the number of rounds, or 0 for none")
    folder = Path("runs", study.name) if out is None else Path(out)
    subject = glimpse_of(study)
    subject.rehearse()  # before there is a folder, or an hour of sampling or training behind
    if refine and not (subject.problem and subject.problem.truths):
        raise InputError(
            f"refine = {refine}: {study.title} is no problem with a truth to ask; "
            'name one, problem = "haverly1", or a file of your own with truth(x)'
        )
    if holds_results(folder):
        _opened(folder, study, subject.surrogates, resume).close()
    if study.own_problem:
        subject = subject_of(study, nets_folder(folder), on_progress)
    subject.warn_of_hull(study.validity, stacklevel=3)
    with closing(_opened(folder, study, subject.surrogates, resume)) as store:
        results = Results.read(store)
        if results.complete and not results.refining_left(refine):
            return results
        with store.writing():
            store.record_environment(Environment.current(workers))
            failures = _train(store, workers, on_progress) + _solve(store, workers, on_progress)
            failures += _refine(store, refine, workers, on_progress)
        return Results.read(store, failures)


def _opened(folder: Path, study: Study, surrogates: tuple[str, ...], resume: bool) -> Store:
    if not (resume and holds_results(folder)):
        return Store.create(folder, study, surrogates, fingerprint(study))
    store = Store.open(folder)
    if store.study == study and store.fingerprint != fingerprint(study):
        store.close()
        raise StoreError(
            f"{folder} was made with other contents of {study.problem} or {study.data or 'data'}; "
            "name another folder with --out (out=), or bring the old file back"
        )
    if store.study != study:
        store.close()
        raise StoreError(
            f"{folder} holds another study ({_difference(store.study, study)}); "
            "name another folder with --out (out=)"
        )
    return store


def _difference(theirs: Study, ours: Study) -> str:
    old, new = theirs.model_dump(), ours.model_dump()
    return ", ".join(f"{key} = {old[key]}, not {new[key]}" for key in old if old[key] != new[key])


def _train(store: Store, workers: int, tell: Listener) -> list[str]:
    results = Results.read(store)
    tasks = results.training_left()
    done = results.trainings - len(tasks)
    return _kept(
        watched("training", train_layout, tasks, workers, tell, done, _training_cost),
        store.add_nets,
    )


def _training_cost(task: TrainingTask | RefineTask) -> float:
    """Relative training time: a step costs about 5 units plus 1 per hidden layer, by any recipe.

    Only the estimate of the time left rests on it. Re-measure with benchmarks/restarts.py.
    """
    return 5.0 + len(layout_widths(task.layout))


def _solve(store: Store, workers: int, tell: Listener) -> list[str]:
    results = Results.read(store)
    tasks, done = results.solving_left(), int((results.solves["status"] != "failed").sum())
    return _kept(
        watched("solving", solve_problem, tasks, workers, tell, done),
        store.add_solve,
        lambda task, reason: store.add_solve(task.row(status="failed", message=reason)),
    )


def _refine(store: Store, rounds: int, workers: int, tell: Listener) -> list[str]:
    tasks = Results.read(store).refining_left(rounds)
    return _kept(
        watched("refining", refine_layout, tasks, workers, tell, 0, _training_cost),
        store.add_refinement,
    )


def _kept(
    ended: Iterable[Finished[T, R] | Failed[T]],
    keep: Callable[[R], None],
    lose: Callable[[T, str], None] = lambda *_: None,
) -> list[str]:
    """Store what every task ended with, as it ends; the failures, one line each."""
    failures = list[str]()
    for event in ended:
        match event:
            case Finished(result=result):
                keep(result)
            case Failed(task=task, reason=reason):
                lose(task, reason)
                failures.append(f"{task}: {reason}")
    return failures
