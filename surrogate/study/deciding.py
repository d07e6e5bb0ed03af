"""The second task of a study: embed a restart in the problem, solve, audit, ask the truth."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from time import perf_counter
from typing import Any

from surrogate.conventions import Sense
from surrogate.embedding import BigMWarning, Embedding
from surrogate.errors import StoreError
from surrogate.isolation import Report
from surrogate.network import Network
from surrogate.onnx_files import load
from surrogate.problems import Evaluation, Problem, box_problem
from surrogate.solving import Solution, solve
from surrogate.study.lesson import error_unit
from surrogate.study.rows import SolveRow, SolveTask
from surrogate.study.spec import BOX
from surrogate.study.subject import problem_of
from surrogate.validity import HullWarning

NOBODY = Evaluation(float("nan"))
"""Of what is no decision, or none was found for."""


@dataclass(frozen=True, eq=False)
class Decided:
    """A solved model with its networks.

    model        held here: Pyomo's blocks do not hold the model that they are in
    copies       of each network, those in the model
    evaluation   None without a solution, and of a network's box, which is nobody's decision
    """

    model: Any
    copies: tuple[tuple[Embedding, ...], ...]
    solution: Solution
    build_seconds: float
    evaluation: Evaluation | None = None
    regret: float | None = None


def solve_problem(task: SolveTask, report: Report) -> SolveRow:  # noqa: ARG001 - too short to report
    """Load, embed, solve, audit, evaluate."""
    nets = [
        _loaded(path, known) for path, known in zip(task.paths, task.content_hashes, strict=True)
    ]
    problem = problem_of(task.study)
    decided = _over_box(task, *nets) if problem is None else decide(problem, nets, task)
    return _row(task, problem, decided)


def _loaded(path: Path, content_hash: str) -> Network:
    net = load(path)
    if net.content_hash != content_hash:
        raise StoreError(
            f"{path} does not hold the network that was trained; "
            "resume the run, which trains a layout again whose files have changed"
        )
    return net


def _over_box(task: SolveTask, net: Network) -> Decided:
    sense: Sense = "maximize" if task.sense == "maximize" else "minimize"
    start = perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BigMWarning)  # the row says it: largest_m, audit_error
        warnings.simplefilter("ignore", HullWarning)  # `run` has said it, once
        made = box_problem(
            net, sense, encoding=task.encoding, validity=task.study.validity or "box"
        )
    seconds = perf_counter() - start
    solution = solve(made.model, time_limit=task.study.time_limit, seed=task.solver_seed)
    return Decided(made.model, ((made.embedding,),), solution, seconds)


def decide(problem: Problem, nets: Sequence[Network], task: SolveTask) -> Decided:
    """The problem's decision with these networks, and what it is worth under the truth."""
    start = perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BigMWarning)
        warnings.simplefilter("ignore", HullWarning)
        built = problem.build(*nets, encoding=task.encoding, validity=task.study.validity or None)
    seconds = perf_counter() - start
    solution = solve(built.model, time_limit=task.study.time_limit, seed=task.solver_seed)
    problem.check_bounded(built, solution)
    copies = tuple(tuple(surrogate.embeddings) for surrogate in built.surrogates)
    if not solution.has_solution:
        return Decided(built.model, copies, solution, seconds)
    evaluation = problem.evaluate(built)
    return Decided(built.model, copies, solution, seconds, evaluation, problem.regret(evaluation))


def _row(task: SolveTask, problem: Problem | None, decided: Decided) -> SolveRow:
    copies, solution = tuple(chain(*decided.copies)), decided.solution
    evaluation = decided.evaluation or NOBODY
    return task.row(
        status=str(solution.status),
        **{
            name: sum(getattr(copy.size, name) for copy in copies)
            for name in ("variables", "binaries", "constraints", "nonzeros")
        },
        largest_m=max(copy.activations.largest_m for copy in copies),
        build_seconds=decided.build_seconds,
        solve_seconds=solution.seconds,
        objective=solution.objective,
        bound=solution.bound,
        nodes=solution.nodes,
        iterations=solution.iterations,
        **(_audited(copies) if solution.has_solution else {}),
        maximize=None if problem is None else problem.sense == "maximize",
        optimum=None if problem is None else problem.optimum,
        true_objective=evaluation.true,
        violation=evaluation.violation,
        repaired=evaluation.repaired,
        regret=decided.regret,
        decision_error=decision_error(problem, evaluation),
        boundary=_at_data_limits(task, decided),
        message="" if solution.has_solution else solution.advice,
    )


def _at_data_limits(task: SolveTask, decided: Decided) -> bool | None:
    """Whether the data stop some copy. A network's box alone is the question, not a limit."""
    asked = task.study.problem != BOX or task.study.validity in ("hull", "joint_hull")
    if not asked or not decided.solution.has_solution:
        return None
    return any(copy.data_limits() for copy in chain(*decided.copies))


def decision_error(problem: Problem | None, evaluation: Evaluation) -> float | None:
    """The largest |net - truth| at the decision, in the units of `SolveRow`."""
    if problem is None or problem.n_surrogates == 1 or evaluation.errors is None:
        return evaluation.error
    units = [float(error_unit(f.range, alone=False).item()) for f in problem.functions]
    return max(error / unit for error, unit in zip(evaluation.errors, units, strict=True))


def _audited(copies: tuple[Embedding, ...]) -> dict[str, Any]:
    audits = [copy.audit() for copy in copies]
    return {
        "audit_error": max(audit.error for audit in audits),
        "pattern_matches": all(audit.pattern_matches for audit in audits),
        "audit_passed": all(audit.passed for audit in audits),
    }
