"""`run`: a study from its spec to its results folder, resumable at every task."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

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


def run(
    study: Study,
    out: str | Path | None = None,
    *,
    workers: int | None = None,
    resume: bool = False,
    refine: int = 0,
    on_progress: Listener = lambda _: None,
) -> Results:
    """Train every layout, then solve every problem, each task in a fresh process.

    out      the results folder, runs/NAME when None
    workers  tasks at once, the number of cores when None; it changes no net, only the time
    resume   continue a folder that holds part of the same study; without it such a folder is an
             error, so that results are never mixed by accident
    refine   rounds of refinement (`surrogate.study.refining`) of every layout's best network

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
        _opened(folder, study, resume).close()
    if study.own_problem:
        subject = subject_of(study, nets_folder(folder), on_progress)
    subject.warn_of_hull(study.validity, stacklevel=3)
    with closing(_opened(folder, study, resume)) as store:
        results = Results.read(store)
        if results.complete and not results.refining_left(refine):
            return results
        with store.writing():
            store.record_environment(Environment.current(workers))
            failures = _train(store, workers, on_progress) + _solve(store, workers, on_progress)
            failures += _refine(store, refine, workers, on_progress)
        return Results.read(store, failures)


def _opened(folder: Path, study: Study, resume: bool) -> Store:
    if not (resume and holds_results(folder)):
        return Store.create(folder, study, fingerprint(study))
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
    tasks, failures = Results.read(store).training_left(), list[str]()
    done = len(store.study.all_layouts) - len(tasks)
    for event in watched("training", train_layout, tasks, workers, tell, done, _training_cost):
        match event:
            case Finished(result=rows):
                store.add_nets(rows)
            case Failed(task=task, reason=reason):
                failures.append(f"{task}: {reason}")
    return failures


def _training_cost(task: TrainingTask | RefineTask) -> float:
    """Relative training time: a step costs about 5 units plus 1 per hidden layer.

    Only the estimate of the time left rests on it. Re-measure with benchmarks/restarts.py.
    """
    return 5.0 + len(layout_widths(task.layout))


def _solve(store: Store, workers: int, tell: Listener) -> list[str]:
    results, failures = Results.read(store), list[str]()
    tasks = results.solving_left()
    done = int((results.solves["status"] != "failed").sum())
    for event in watched("solving", solve_problem, tasks, workers, tell, done):
        match event:
            case Finished(result=row):
                store.add_solve(row)
            case Failed(task=task, reason=reason):
                store.add_solve(task.row(status="failed", message=reason))
                failures.append(f"{task}: {reason}")
    return failures


def _refine(store: Store, rounds: int, workers: int, tell: Listener) -> list[str]:
    tasks, failures = Results.read(store).refining_left(rounds), list[str]()
    for event in watched("refining", refine_layout, tasks, workers, tell, 0, _training_cost):
        match event:
            case Finished(result=rows):
                store.add_refinement(rows)
            case Failed(task=task, reason=reason):
                failures.append(f"{task}: {reason}")
    return failures
