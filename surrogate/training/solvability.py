"""Solver-aware training: nets of nearly the same error whose big-M relaxation is tighter.

The relaxation is as tight as the difficulty G of `surrogate.training.difficulty` is small.
Trained deep nets fold: their neurons are zigzags, sums of large terms that cancel, and interval
arithmetic sees none of the cancelling. Four things lower G at equal error:

*Aligning* (`surrogate.training.aligned`): another net, smaller and with few directions, where one
is accurate enough. G is not all that it gains: its neurons imply each other.

*Fitting* F + s F_0 log G, F the weighted squares of `LeastSquares` (an IRLS majoriser of the mean
absolute error). Where weights only add to G it acts like an L1 norm of all paths, so the weights
between unrelated neurons go to 0.

*Turning* neurons: max(0, a) = a + max(0, -a). Where the neurons of a layer span a, the next layer
takes up the difference, and the function is the same; but a zigzag whose terms face outwards from
its middle cancels less than one whose terms all face right. The next layer is a linear least
squares fit, so that neurons may also turn where that is only nearly so, and are then fitted.

*Dropping* neurons and weights (`surrogate.training.pruning`) where the error allows.

Sources: Xiao, Tjeng, Shafiullah, Madry, "Training for faster adversarial robustness verification
via inducing ReLU stability", arXiv 1809.03008 (penalties on unstable neurons, small weights);
Neyshabur, Tomioka, Srebro, "Norm-based capacity control", arXiv 1503.00036 (path norms).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from surrogate.box import FloatArray
from surrogate.training.aligned import aligned
from surrogate.training.difficulty import balanced, difficulty
from surrogate.training.eased import SMALL, Eased, weighted
from surrogate.training.gauss_newton import LeastSquares, Mask, Point
from surrogate.training.levenberg_marquardt import minimise
from surrogate.training.objectives import error
from surrogate.training.pruning import dropped, small_weights, turned

TRIALS = 250
"""Changes that are tried per network, at most."""
_WORTH_OF_ERROR = 1.0  # log G that log error is worth, when changes are judged
_SAMPLES = 3000  # samples that changes are tried on
_ALIGNING = 0.4  # share of the time until the aligned net must be there
_SHARES = (0.6, 0.75, 0.8)  # when dropping, turning, and dropping again end
_PATIENCE = 4  # neurons that cannot be dropped before dropping ends


def easier(
    problem: LeastSquares,
    watched: LeastSquares,
    vector: FloatArray,
    strength: float,
    *,
    allowance: float = 0.10,
    limit: float | None = None,
    seed: int = 0,
    trials: int = TRIALS,
    deadline: float = np.inf,
) -> FloatArray:
    """A parameter vector of lower difficulty whose error on `watched` stays within the allowance.

    problem     the training samples, in unit coordinates
    watched     samples that judge: their mean absolute error never exceeds `limit`
    strength    s of F + s F_0 log G, F_0 the weighted squares at the start: a fall of 1 % in G may
                cost s % of F. 0 returns `vector`
    limit       on the error; (1 + allowance) times that of `vector` when None
    deadline    a value of `time.perf_counter`

    First the weights are fitted. An aligned net within the limit takes the place of `vector` where
    it is better by log G + log error. Then neurons are dropped, each followed by a short fit, as
    long as the error stays below the limit; others are turned, and what is better is kept; weights
    are cut; last, the strength grows until the allowance is spent.
    """
    if strength <= 0.0 or len(problem.sizes) == 2:  # without hidden neurons nothing is hard
        return vector
    judge = _Judge(watched, limit or (1.0 + allowance) * _mae(watched, vector))
    price = strength * weighted(problem, vector).at(vector).loss
    start, left = perf_counter(), deadline - perf_counter()
    best = _fitted(judge, problem, vector, price, 6, deadline)
    found = aligned(problem, watched, judge.limit, seed, start + _ALIGNING * left)
    steps = _Steps(price, allowance, seed, trials, start, deadline)
    if found is not None and judge(found.in_layout(problem.sizes)) < judge(best):
        there = replace(judge, watched=found.seen(watched))
        new = steps(there, found.seen(problem), found.vector)
        best = replace(found, vector=new).in_layout(problem.sizes)
    else:
        best = steps(judge, problem, best)
    return balanced(best, problem.sizes)


@dataclass(frozen=True)
class _Steps:
    """All that follows the choice of a net, in the coordinates in which it is aligned, if it is.

    G cannot grow from there to x: an interval of t = u.x with |u|_1 = 1 holds those of its parts.
    """

    price: float
    allowance: float
    seed: int
    trials: int
    start: float
    deadline: float

    def __call__(self, judge: _Judge, problem: LeastSquares, vector: FloatArray) -> FloatArray:
        """An easier vector, within the limit of `judge`."""
        price, deadline, rng = self.price, self.deadline, np.random.default_rng(self.seed)
        dropping, changing, again = (
            self.start + share * (deadline - self.start) for share in _SHARES
        )
        # the fits after dropping need room
        careful = replace(judge, limit=judge.limit / (1.0 + 0.5 * self.allowance))
        best = _without_spare(careful, problem, vector, price, dropping)
        best = _changed(judge, problem, best, price, rng, self.trials, changing)
        best = _without_spare(careful, problem, best, price, again)
        for threshold in (1e-4, 1e-3, 3e-3, 1e-2):
            best = _fitted(judge, problem, best, price, 4, deadline, threshold)
        for more in (2.0, 4.0, 8.0, 16.0, 32.0):
            new = _fitted(judge, problem, best, more * price, 6, deadline, 1e-3)
            if new is best:
                break
            best = new
        return best


@dataclass(frozen=True, eq=False)
class _Judge:
    """Says which of two vectors is better: infinite where the error is above the limit."""

    watched: LeastSquares
    limit: float

    def __call__(self, vector: FloatArray) -> float:
        found = _mae(self.watched, vector)
        if not found <= self.limit:
            return np.inf
        g = difficulty(vector, self.watched.sizes)
        return float(np.log(g + SMALL) + _WORTH_OF_ERROR * np.log(found + 1e-300))


def _changed(
    judge: _Judge,
    problem: LeastSquares,
    vector: FloatArray,
    price: float,
    rng: np.random.Generator,
    trials: int,
    deadline: float,
) -> FloatArray:
    """Turn neurons drawn by lot, fit shortly, and keep what is better.

    Turns of one neuron that change nothing but G come first, in order and as long as they help.
    """
    few, best, value = _few(problem), vector, judge(vector)
    for k, j in _alive(few.at(best)):
        new = turned(few, few.at(best), k, np.array([j]))
        if (judged := judge(new)) < value:
            best, value = new, judged
    for _ in range(trials):
        if perf_counter() > deadline:
            break
        new = _change(few, few.at(best), rng)
        if difficulty(new, problem.sizes) > 1.5 * difficulty(best, problem.sizes):
            continue
        for _ in range(3):
            new = _short_fit(few, new, price, 12)
            if _mae(judge.watched, new) > 1.5 * judge.limit:
                break  # the change led too far up to come back
        if (judged := judge(new)) < value:
            best, value = new, judged
    return _fitted(judge, problem, best, price, 6, deadline)


def _change(few: LeastSquares, point: Point, rng: np.random.Generator) -> FloatArray:
    """One to three neurons of one layer turned, by lot."""
    k = int(rng.integers(len(few.sizes) - 2))
    return turned(few, point, k, rng.permutation(few.sizes[k + 1])[: rng.integers(1, 4)])


def _without_spare(
    judge: _Judge, problem: LeastSquares, vector: FloatArray, price: float, deadline: float
) -> FloatArray:
    """Drop the neuron that is missed least, fit, and again, as long as the limit allows.

    A neuron whose loss cannot be made good is not tried again before another has gone; after
    `_PATIENCE` such neurons it ends.
    """
    few, best, missed = _few(problem), vector, set[tuple[int, int]]()
    while len(missed) < _PATIENCE and perf_counter() <= deadline:
        point = few.at(best)
        found = [
            (few.at(new).loss, k, j, new)
            for k, j in _alive(point)
            if (k, j) not in missed
            for new in [dropped(few, point, k, j)]
        ]
        if not found:
            break
        _, k, j, new = min(found, key=lambda one: one[:3])
        new = _short_fit(few, new, price, 12, np.ones(len(new), dtype=bool))
        for part in (few, few, few, problem):
            if _mae(judge.watched, new) <= judge.limit:
                break  # the fits after the next drop go on from here
            new = _short_fit(part, new, price, 12)
        if _mae(judge.watched, new) <= judge.limit:
            best, missed = new, set()
        else:
            missed.add((k, j))
    return best


def _alive(point: Point) -> list[tuple[int, int]]:
    """Hidden neurons (k, j) that vary, of layers where they are not alone."""
    varying = [np.flatnonzero(h.std(axis=0) > 0.0) for h in point.activations[1:-1]]
    return [(k, int(j)) for k, alive in enumerate(varying) if len(alive) > 1 for j in alive]


def _few(problem: LeastSquares) -> LeastSquares:
    """The first samples, on which changes are tried."""
    weights = None if problem.weights is None else problem.weights[:_SAMPLES]
    return LeastSquares(problem.sizes, problem.x[:_SAMPLES], problem.y[:_SAMPLES], weights)


def _fitted(
    judge: _Judge,
    problem: LeastSquares,
    vector: FloatArray,
    price: float,
    rounds: int,
    deadline: float,
    threshold: float = 0.0,
) -> FloatArray:
    """Fit F + price log G, its weights set anew in each round; `vector` itself above the limit.

    Weights whose share of their neuron is below `threshold` are 0 and stay so.
    """
    small = small_weights(problem, problem.at(vector), threshold)
    new = np.where(small, 0.0, vector)
    for _ in range(rounds):
        if perf_counter() > deadline:
            break
        new = _short_fit(problem, new, price, 10, ~small)
    return new if np.isfinite(judge(new)) else vector


def _short_fit(
    problem: LeastSquares,
    vector: FloatArray,
    price: float,
    iterations: int,
    free: Mask | None = None,
) -> FloatArray:
    weights = weighted(problem, vector).weights
    free = vector != 0.0 if free is None else free
    eased = Eased(problem.sizes, problem.x, problem.y, weights, price, free)
    return minimise(eased, vector, iterations, 1e-3).vector


def _mae(problem: LeastSquares, vector: FloatArray) -> float:
    return error("mae", problem.at(vector).residual)
