"""Problems of surrogate.problems as tasks for `run_fresh`, and what their decisions are worth.

    auto   the problem's model with encoding `auto`, by `surrogate.solve`
    omlt   the same model with OMLT's own big-M and its interval bounds, written by OMLT
           (encoding `omlt`), by HiGHS with its default options through Pyomo

One thread, the same relative gap and seed for both. Building, bounds, translating and solving are
inside the clock; imports and loading the nets are outside, and so is what comes after the solve in
the same process: the decision under the truth.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from time import perf_counter

from linked_solves import own_answer, tiny_net
from omlt_models import run_highs
from timing import Answer, Clock, Outcome, Solve, run_fresh

from surrogate.embedding import BigMWarning
from surrogate.network import Network
from surrogate.onnx_files import load
from surrogate.problems import PROBLEMS, Built, Problem
from surrogate.solving import solve


@dataclass(frozen=True)
class ProblemTask:
    """One solve: `solver` is a key of `SOLVERS`, `paths` has a net per function of the problem."""

    solver: str
    problem: str
    paths: tuple[str, ...]
    seed: int
    rel_gap: float


@dataclass(frozen=True)
class Judged(Answer):
    """An answer, and its decision under the truth: see `surrogate.problems.Evaluation`.

    seconds    of the solve, without the judging
    repaired   the objective after repair; None without a decision, or where no repair is found
    regret     how far that is behind the optimum, relative to the problem's scale
    error      the largest |net - truth| at the decision
    """

    seconds: float = 0.0
    repaired: float | None = None
    regret: float | None = None
    error: float | None = None


def run_judged(task: ProblemTask, limit: float) -> Outcome:
    """`run_fresh`, with the seconds of the solve alone; its answer is a `Judged`.

    A process that ended without an answer gives one without a decision.
    """
    outcome = run_fresh(prepare, task, limit)
    if isinstance(outcome.answer, Judged):
        return replace(outcome, seconds=outcome.answer.seconds)
    return replace(outcome, answer=Judged(**_values(outcome.answer), seconds=outcome.seconds))


def prepare(task: ProblemTask) -> Solve:
    """Load the nets, warm up, and return the solve to be timed."""
    warnings.simplefilter("ignore", BigMWarning)  # the solvers' answers are compared
    problem = PROBLEMS[task.problem]
    nets = [load(path) for path in task.paths]
    problem.build(*map(tiny_net, nets), encoding=task.solver)
    return lambda clock: _solve(task, problem, nets, clock)


def _solve(task: ProblemTask, problem: Problem, nets: list[Network], clock: Clock) -> Judged:
    built = problem.build(*nets, encoding=task.solver)
    answer = SOLVERS[task.solver](built, clock, task.seed, task.rel_gap)
    seconds = perf_counter() - clock.start
    if answer.objective is None:
        return Judged(**_values(answer), seconds=seconds)
    found = problem.evaluate(built)
    return Judged(
        **_values(answer),
        seconds=seconds,
        repaired=found.repaired,
        regret=problem.regret(found),
        error=found.error,
    )


def _by_auto(built: Built, clock: Clock, seed: int, rel_gap: float) -> Answer:
    solution = solve(built.model, time_limit=clock.left(), seed=seed, rel_gap=rel_gap)
    copies = [copy for part in built.surrogates for copy in part.embeddings]
    chosen = ", ".join(sorted({copy.encoding for copy in copies}))
    return own_answer(solution, (), f"{chosen} by {solution.method}")


SOLVERS: dict[str, Callable[[Built, Clock, int, float], Answer]] = {
    "auto": _by_auto,
    "omlt": lambda built, clock, seed, rel_gap: run_highs(built.model, clock, seed, rel_gap, ()),
}
"""By the encoding's name."""


def _values(answer: Answer) -> dict[str, object]:
    return {field.name: getattr(answer, field.name) for field in fields(Answer)}
