"""The recipe `best`: many starts, a race, kicks, and all samples in the end.

1. *Race.* Four starts per restart, 25 iterations each on at most 3,000 samples; the better quarter
   is revived where neurons died, and gets 75 more.
2. *Polish.* The better half is kicked (`surrogate.training.kicks`) and fitted again, time after
   time; what lowers the loss is kept. Poor restarts get none of this time.
3. *Finish.* All that are left are fitted on all samples, then for the objective.

Every choice between candidates is by the validation error, which also ends a fit that only learns
the training samples. On what each part is worth: `benchmarks/training.py --parts`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from time import perf_counter

import numpy as np

from surrogate.box import FloatArray
from surrogate.datasets import Dataset
from surrogate.training.gauss_newton import LeastSquares, Point
from surrogate.training.kicks import kick, reinsert
from surrogate.training.levenberg_marquardt import FIRST_DAMPING, last_layer, minimise
from surrogate.training.objectives import Objective, Reweighting, error
from surrogate.training.starts import Start

SAMPLES = 3000
"""Samples in the race and while kicking, at most; above 4 outputs fewer, for as many numbers."""
STARTS_PER_RESTART = 4
FIRST_ITERATIONS, RACE_ITERATIONS, FINAL_ITERATIONS = 25, 75, 60
KICKS_PER_RESTART = 60
WORK = 1.2e12
"""Multiplications for starts and kicks, by `_work`; some 60 s on one core for 24 neurons."""
_CHECK_EVERY = 10  # iterations between two looks at the validation error
_PATIENCE = 3  # looks without improvement that end a fit


@dataclass(frozen=True, eq=False)
class Task:
    """What a search works on.

    some, all    the training samples: at most `SAMPLES` of them, and every one
    watched      the validation samples
    start        makes the first parameters of a restart
    deadlines    of starts, race, kicks and finish, as values of `perf_counter`
    """

    some: LeastSquares
    all: LeastSquares
    watched: LeastSquares
    start: Start
    objective: Objective
    seed: int
    deadlines: tuple[float, float, float, float] = (np.inf,) * 4

    @classmethod
    def of(
        cls,
        widths: Sequence[int],
        unit: Dataset,
        watched: Dataset,
        start: Start,
        objective: Objective,
        seed: int,
        deadlines: tuple[float, float, float, float] = (np.inf,) * 4,
    ) -> Task:
        """The task of hidden layers of these widths on samples in unit coordinates."""
        sizes = (unit.inputs.shape[1], *widths, unit.outputs.shape[1])
        order = np.random.default_rng(seed).permutation(len(unit))
        x, y = unit.inputs[order], unit.outputs[order]
        some = SAMPLES * 4 // max(4, y.shape[1])
        return cls(
            some=LeastSquares(sizes, x[:some], y[:some]),
            all=LeastSquares(sizes, x, y),
            watched=LeastSquares(sizes, watched.inputs, watched.outputs),
            start=start,
            objective=objective,
            seed=seed,
            deadlines=deadlines,
        )


@dataclass(frozen=True, eq=False)
class Candidate:
    """A restart on its way: parameters, loss on `some`, validation loss, and all losses so far."""

    restart: int
    vector: FloatArray
    loss: float
    watched: float
    curve: tuple[float, ...]
    damping: float = FIRST_DAMPING


def search(task: Task, restarts: int, on_progress: Callable[[float], None]) -> list[Candidate]:
    """At most `restarts` candidates, best first by the objective's validation error."""
    found = race(task, restarts, lambda share: on_progress(0.35 * share))
    found = _polish(task, found, restarts, lambda share: on_progress(0.35 + 0.5 * share))
    finished = []
    for i, candidate in enumerate(found):
        finished.append(_finish(task, candidate))
        on_progress(0.85 + 0.15 * (i + 1) / len(found))
    return sorted(finished, key=lambda candidate: candidate.watched)


def race(task: Task, restarts: int, on_progress: Callable[[float], None]) -> list[Candidate]:
    """The best of four starts per restart, fitted to some of the samples; best first."""
    room = 0.3 * WORK / (FIRST_ITERATIONS * _work(task.some))
    n_starts = int(np.clip(room, restarts, STARTS_PER_RESTART * restarts))
    first: list[Candidate] = []
    for restart in range(n_starts):
        if first and perf_counter() > task.deadlines[0]:
            break
        rng = np.random.default_rng([task.seed, restart, *task.some.sizes])
        vector = task.start(task.some.sizes, task.some.x, task.some.y, rng)
        candidate = _candidate(task, restart, vector)
        first.append(_fitted(task, task.some, candidate, FIRST_ITERATIONS, task.deadlines[1]))
        on_progress(0.5 * (restart + 1) / n_starts)
    first.sort(key=lambda candidate: candidate.watched)
    second = []
    for i, candidate in enumerate(first[:restarts]):
        revived = _revived(task, candidate)
        second.append(_fitted(task, task.some, revived, RACE_ITERATIONS, task.deadlines[1]))
        on_progress(0.5 + 0.5 * (i + 1) / restarts)
    return sorted(second, key=lambda candidate: candidate.watched)


def _polish(
    task: Task, found: list[Candidate], restarts: int, on_progress: Callable[[float], None]
) -> list[Candidate]:
    """Kick the better half; a candidate's own place is taken only by what is better."""
    if len(task.some.sizes) == 2:  # no hidden layer, nothing to kick
        return found
    rng = np.random.default_rng([task.seed, *task.some.sizes])
    found, half = list(found), (len(found) + 1) // 2
    kicks = int(min(KICKS_PER_RESTART * restarts, WORK / (25 * _work(task.some))))
    for n in range(kicks):
        if perf_counter() > task.deadlines[2]:
            break
        i = int(rng.integers(half))
        found[i] = _kicked(task, found[i], rng)
        on_progress((n + 1) / kicks)
    return found


def _kicked(task: Task, candidate: Candidate, rng: np.random.Generator) -> Candidate:
    problem, deadline = task.some, task.deadlines[2]
    vector = kick(problem, problem.at(candidate.vector), rng)
    fit = minimise(problem, vector, 12, deadline=deadline)
    curve = fit.curve
    if fit.loss < 3.0 * candidate.loss:  # else the kick led too far up to come back
        fit = minimise(problem, fit.vector, 30, fit.damping, deadline)
        curve += fit.curve
    watched = task.watched.at(fit.vector).loss
    if fit.loss < candidate.loss and watched <= candidate.watched:
        curve = candidate.curve + curve
        return replace(candidate, vector=fit.vector, loss=fit.loss, watched=watched, curve=curve)
    return candidate


def _finish(task: Task, candidate: Candidate) -> Candidate:
    """Fit on all samples, then for the objective; keep what does best on the validation samples."""
    best = _fitted(task, task.all, candidate, FINAL_ITERATIONS, task.deadlines[3])
    solved = last_layer(task.all, task.all.at(best.vector))
    best = _scored(task, min((best.vector, solved), key=lambda v: _score(task, v)), best)
    weighting, point = Reweighting(task.objective), task.all.at(best.vector)
    while perf_counter() <= task.deadlines[3]:
        weights = weighting.next(point.residual)
        if weights is None:
            break
        fit = minimise(replace(task.all, weights=weights), point.vector, 5, 1e-3, task.deadlines[3])
        point = task.all.at(fit.vector)
        if _score(task, fit.vector) < best.watched:
            best = _scored(task, fit.vector, best)
    return best


def _score(task: Task, vector: FloatArray) -> float:
    """The objective on the validation samples."""
    return error(task.objective, task.watched.at(vector).residual)


def _scored(task: Task, vector: FloatArray, candidate: Candidate) -> Candidate:
    return replace(candidate, vector=vector, watched=_score(task, vector))


def _fitted(
    task: Task,
    problem: LeastSquares,
    candidate: Candidate,
    iterations: int,
    deadline: float = np.inf,
) -> Candidate:
    """Fit, and return the best seen on the validation samples."""
    best, current, waited = candidate, candidate, 0
    for start in range(0, iterations, _CHECK_EVERY):
        step = min(_CHECK_EVERY, iterations - start)
        fit = minimise(problem, current.vector, step, current.damping, deadline)
        current = replace(
            current,
            vector=fit.vector,
            loss=fit.loss,
            watched=task.watched.at(fit.vector).loss,
            curve=current.curve + fit.curve,
            damping=fit.damping,
        )
        waited = 0 if current.watched < best.watched else waited + 1
        best = current if current.watched < best.watched else best
        if waited == _PATIENCE or perf_counter() > deadline:
            break
    return best


def _candidate(task: Task, restart: int, vector: FloatArray) -> Candidate:
    loss, watched = task.some.at(vector).loss, task.watched.at(vector).loss
    return Candidate(restart, vector, loss, watched, (loss,))


def _revived(task: Task, candidate: Candidate) -> Candidate:
    """With every neuron that is 0 on all samples put where the error is large."""
    rng = np.random.default_rng([task.seed, 1, candidate.restart, *task.some.sizes])
    point = task.some.at(candidate.vector)
    for _ in range(sum(task.some.sizes[1:-1])):
        if not _has_dead(point):
            break
        point = task.some.at(reinsert(task.some, point, rng))
    if point.vector is candidate.vector:
        return candidate
    revived = _candidate(task, candidate.restart, point.vector)
    return replace(revived, curve=candidate.curve + revived.curve)


def _has_dead(point: Point) -> bool:
    return any(not h.any(axis=0).all() for h in point.activations[1:-1])


def _work(problem: LeastSquares) -> float:
    """Multiplications of one iteration, were every sample a row of the Jacobian."""
    sizes = problem.sizes
    dependent = sum((a + 1) * b for a, b in pairwise(sizes[:-1])) + sizes[-2] + 1
    return float(len(problem.x) * sizes[-1] * dependent**2)
