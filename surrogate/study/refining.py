"""The refinement loop: what the truth says at a decision goes into the next networks' samples.

Solve; evaluate the truth at the decision and at points around it; train again with these; as often
as was asked for. A surrogate need not be right everywhere, only where the model looks, and it is
the model that knows where that is. Each round looks half as far around.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from surrogate.datasets import Dataset
from surrogate.embedding import Embedding
from surrogate.isolation import Report
from surrogate.network import Network
from surrogate.onnx_files import load, save
from surrogate.problems import Problem
from surrogate.problems.evaluating import Truth
from surrogate.study.deciding import NOBODY, Decided, decide, decision_error
from surrogate.study.lesson import Lesson
from surrogate.study.rows import RefineRow, RefineTask, SolveTask
from surrogate.study.subject import subject_of
from surrogate.study.trial import net_file, trained_restarts, with_provenance

SHARE = 0.05  # of the samples: how many points a round adds, over all copies of a network
REACH = 0.1  # of the box's width, on either side of the decision; half of it in the next round


@dataclass(frozen=True, eq=False)
class Taught:
    """A network of a round: its file, and the samples that it was trained on."""

    lesson: Lesson
    path: Path
    net: Network
    data: Dataset


def refine_layout(task: RefineTask, report: Report) -> list[RefineRow]:
    """The rounds of one layout and recipe; the first rows are the study's own nets."""
    subject = subject_of(task.study, task.paths[0].parent)
    problem = subject.problem
    assert problem is not None  # `run` refuses it
    nets = [
        Taught(lesson, path, load(path), lesson.train)
        for lesson, path in zip(subject.lessons, task.paths, strict=True)
    ]
    rows, rng = list[RefineRow](), np.random.default_rng([task.study.seed, 7])
    for number in range(task.rounds + 1):
        if number:
            nets = [
                _trained(task, number, one, _part_of(report, task, number, k, len(nets)))
                for k, one in enumerate(nets)
            ]
        decided = decide(problem, [one.net for one in nets], _solve_task(task, nets))
        rows += [_row(task, number, one, problem, decided) for one in nets]
        if not decided.solution.has_solution:
            break
        nets = [
            replace(one, data=_with_points(one, copies, truth, REACH / 2.0**number, rng))
            for one, copies, truth in zip(nets, decided.copies, problem.truths, strict=True)
        ]
    return rows


def _part_of(report: Report, task: RefineTask, number: int, place: int, of: int) -> Report:
    """What the network at `place` of `of` in a round reports, as a share of all rounds."""
    return lambda fraction: report((number - 1 + (place + fraction) / of) / task.rounds)


def _trained(task: RefineTask, number: int, before: Taught, report: Report) -> Taught:
    """The best restart by training error on all samples so far, exported and read again."""
    lesson, data = before.lesson, before.data
    found = trained_restarts(task, lesson, data, report)
    best = min(
        found,
        key=lambda one: lesson.difference(one.network, data.inputs, data.outputs).mean(),
    )
    path = before.path.with_name(net_file(task, lesson.name, f"refined{number}"))
    save(with_provenance(best.network, task, lesson, best.restart), path)
    return replace(before, path=path, net=load(path))


def _solve_task(task: RefineTask, nets: Sequence[Taught]) -> SolveTask:
    study = task.study
    return SolveTask(
        study=study,
        layout=task.layout,
        recipe=task.recipe,
        restart=0,
        paths=tuple(one.path for one in nets),
        content_hashes=tuple(one.net.content_hash for one in nets),
        sense="decide",
        solver_seed=study.solver_seeds[0],
        encoding=study.encodings[0],
    )


def _with_points(
    taught: Taught,
    copies: Sequence[Embedding],
    truth: Truth,
    reach: float,
    rng: np.random.Generator,
) -> Dataset:
    """The samples, and the truth at the decision of every copy and around it."""
    box, data = taught.lesson.box, taught.data
    points = np.array([[x.value for x in copy.inputs] for copy in copies])
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
    task: RefineTask, number: int, taught: Taught, problem: Problem, decided: Decided
) -> RefineRow:
    solution, evaluation = decided.solution, decided.evaluation or NOBODY
    return RefineRow(
        layout=task.layout,
        recipe=task.recipe,
        round=number,
        surrogate=taught.lesson.name,
        rounds=task.rounds,
        file=taught.path.name,
        content_hash=taught.net.content_hash,
        samples=len(taught.data),
        mae=float(taught.lesson.error(taught.net).mean()),
        status=str(solution.status),
        solve_seconds=solution.seconds,
        objective=solution.objective,
        true_objective=evaluation.true,
        violation=evaluation.violation,
        repaired=evaluation.repaired,
        regret=decided.regret,
        decision_error=decision_error(problem, evaluation),
    )
