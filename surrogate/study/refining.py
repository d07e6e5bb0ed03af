"""The refinement loop: what the truth says at a decision goes into the next network's samples.

Solve; evaluate the truth at the decision and at points around it; train again with these; as often
as was asked for. A surrogate need not be right everywhere, only where the model looks, and it is
the model that knows where that is. Each round looks half as far around.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from surrogate.datasets import Dataset
from surrogate.isolation import Report
from surrogate.network import Network
from surrogate.onnx_files import load, save
from surrogate.problems import Problem
from surrogate.study.deciding import NOBODY, Decided, decide
from surrogate.study.rows import RefineRow, RefineTask, SolveTask
from surrogate.study.subject import Subject, subject_of
from surrogate.study.trial import trained_restarts, with_provenance

SHARE = 0.05  # of the samples: how many points a round adds, over all copies
REACH = 0.1  # of the box's width, on either side of the decision; half of it in the next round


def refine_layout(task: RefineTask, report: Report) -> list[RefineRow]:
    """The rounds of one layout, from its best network on; the first row is the study's own net."""
    subject = subject_of(task.study, task.path.parent)
    problem = subject.problem
    assert problem is not None  # `run` refuses it
    net, data, rows = load(task.path), subject.train, list[RefineRow]()
    rng = np.random.default_rng([task.study.seed, 7])
    for number in range(task.rounds + 1):
        path = _path(task, number)
        if number:
            net = _trained(task, subject, data, path, _part_of(report, number, task.rounds))
        decided = decide(problem, net, _solve_task(task, path, net))
        rows.append(_row(task, number, path, subject, data, net, decided))
        if not decided.solution.has_solution:
            break
        data = _with_points(data, problem, subject, decided, REACH / 2.0**number, rng)
    return rows


def _part_of(report: Report, number: int, rounds: int) -> Report:
    """What a round reports of its training, as a share of all rounds."""
    return lambda fraction: report((number - 1 + fraction) / rounds)


def _path(task: RefineTask, number: int) -> Path:
    return task.path if not number else task.path.with_name(f"{task.layout}-refined{number}.onnx")


def _trained(
    task: RefineTask, subject: Subject, data: Dataset, path: Path, report: Report
) -> Network:
    """The best restart by training error, exported and read again."""
    found = trained_restarts(task.study, task.layout, subject, data, report)
    best = min(
        found,
        key=lambda one: subject.difference(one.network, data.inputs, data.outputs).mean(),
    )
    save(with_provenance(best.network, task.study, best.restart), path)
    return load(path)


def _solve_task(task: RefineTask, path: Path, net: Network) -> SolveTask:
    study = task.study
    return SolveTask(
        study=study,
        layout=task.layout,
        recipe=study.recipe,
        restart=0,
        path=path,
        content_hash=net.content_hash,
        sense="decide",
        solver_seed=study.solver_seeds[0],
        encoding=study.encodings[0],
    )


def _with_points(
    data: Dataset,
    problem: Problem,
    subject: Subject,
    decided: Decided,
    reach: float,
    rng: np.random.Generator,
) -> Dataset:
    """The samples, and the truth at the decision of every copy and around it."""
    box, (truth,) = subject.box, problem.truths
    points = np.array([[x.value for x in copy.inputs] for copy in decided.embeddings])
    points = np.unique(np.clip(points, box.lower, box.upper), axis=0)
    each = max(1, round(SHARE * len(data) / len(points)))
    around = np.repeat(points, each, axis=0)
    around += rng.uniform(-reach, reach, around.shape) * (box.upper - box.lower)
    x = np.concatenate([points, np.clip(around, box.lower, box.upper)])
    return replace(
        data,
        inputs=np.concatenate([data.inputs, x]),
        outputs=np.concatenate([data.outputs, truth(x)]),
    )


def _row(
    task: RefineTask,
    number: int,
    path: Path,
    subject: Subject,
    data: Dataset,
    net: Network,
    decided: Decided,
) -> RefineRow:
    solution, evaluation = decided.solution, decided.evaluation or NOBODY
    return RefineRow(
        layout=task.layout,
        recipe=task.study.recipe,
        round=number,
        rounds=task.rounds,
        file=path.name,
        content_hash=net.content_hash,
        samples=len(data),
        mae=float(subject.error(net).mean()),
        status=str(solution.status),
        solve_seconds=solution.seconds,
        objective=solution.objective,
        true_objective=evaluation.true,
        violation=evaluation.violation,
        repaired=evaluation.repaired,
        regret=decided.regret,
        decision_error=evaluation.error,
    )
