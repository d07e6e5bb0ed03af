"""The root: the whole problem, its bound with nothing but hulls, and the cuts that prove it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

import numpy as np

from surrogate.box import FloatArray
from surrogate.cells import CellTree, Cover, Points, price
from surrogate.decomposition.at_once import at_once
from surrogate.decomposition.cuts import Cut
from surrogate.decomposition.in_turn import InTurn
from surrogate.decomposition.master import Mixture, solve_master
from surrogate.decomposition.node import (
    Bounded,
    Goal,
    Node,
    Pricer,
    improve_bound,
    price_step,
)
from surrogate.decomposition.parts import Copy, Parts
from surrogate.decomposition.pool import Pool
from surrogate.programs.program import IntArray

SAMPLES = 400
FEWEST = 50
STALLS = 2  # times in a row that column generation may gain nothing
NEARLY_0 = 1e-3  # of the objective's scale: a gap is not relative to a bound that is less
NEW = 1e-3  # weight of points drawn at random, up to which a mixture is made of known ones
MANY = 200  # known points, with which a mixture is good, whatever is in it
FREELY = 100.0  # times the first step of prices: as good as no limit
FIRST = 100  # points of a copy in the first of the linear programs that choose among many, and
KNOWN = 60  # how many of them are known ones, at most (benchmarks/reuse.py)
MORE = 40  # points that each further one has more
ENOUGH = 1e-7  # of the objective's scale: what is left to gain when they are chosen


@dataclass(frozen=True, eq=False)
class Root:
    """What column generation found, as if minimising.

    bound    no solution costs less; infinite where there is none
    inner    the best mixture that satisfies every row: the bound cannot rise above it; infinite
             where there is none
    cuts     v.f(x) - g.x >= least, for every x in the copy's box
    rounds   of pricing
    """

    bound: float
    inner: float
    cuts: tuple[Cut, ...]
    rounds: int


def root_node(parts: Parts) -> Node:
    """The whole of it, without prices."""
    known: dict[tuple[int, bytes, bytes], Cover] = {}  # copies of one network on one box share it
    covers = []
    for copy in parts.copies:
        key = id(copy.tree), copy.lower.tobytes(), copy.upper.tobytes()
        if key not in known:
            known[key] = Cover.start(copy.tree, copy.lower, copy.upper)
        covers.append(known[key])
    prices = np.zeros(len(parts.row_lower))
    return Node(-np.inf, tuple(covers), parts.rest.lower, parts.rest.upper, prices)


def priced_root(
    parts: Parts, pool: Pool, scale: float, rng: np.random.Generator
) -> tuple[Node, Mixture | None]:
    """The whole of it, with the prices of the best mixture of points.

    The points are drawn at random, half of them corners of the box: there hulls often have theirs.
    Those that earlier models found are added. Where nothing else is in the mixture, or they are
    many, there is little that its prices do not know: then it is returned too.
    """
    node, points, known = root_node(parts), list[Points](), list[int]()
    for t, copy in enumerate(parts.copies):
        kept = copy.tree.points.inside(copy.lower, copy.upper)
        pool.add(t, kept)
        known.append(len(kept))
        points.append(kept.joined(_drawn(copy, max(SAMPLES - len(kept) // 2, FEWEST), rng)))
    found = _best_mixture(parts, node, points, known, scale)
    if found is None or not found.balanced:
        return node, None
    drawn = 0.0
    for t, (one, weights) in enumerate(zip(found.points, found.weights, strict=True)):
        used = np.flatnonzero(weights > 0.0)
        pool.add(t, one.take(used))
        drawn += float(weights[used] @ ~parts.copies[t].tree.remembers(one.x[used]))
    sure = drawn <= NEW or min(known) >= MANY
    return replace(node, prices=found.prices), found if sure else None


def _drawn(copy: Copy, n: int, rng: np.random.Generator) -> Points:
    """So many points at random, and at most so many corners."""
    shape = n, copy.net.n_inputs
    inside = rng.uniform(copy.lower, copy.upper, shape)
    upper = rng.random(shape) < 0.5
    once = np.unique(upper @ 2.0 ** np.arange(copy.net.n_inputs), return_index=True)[1]
    corners = np.where(upper[once], copy.upper, copy.lower)
    return Points.of(copy.net, np.concatenate([inside, corners]))


def _best_mixture(
    parts: Parts, node: Node, points: Sequence[Points], known: Sequence[int], scale: float
) -> Mixture | None:
    """The best mixture of many points, of which the first `known` ones of each copy were good.

    A linear program of a few points, and again with those that its prices ask for: a copy's, whose
    reduced cost is less than that of all it had. All at once take several times as long, when they
    are a thousand (benchmarks/reuse.py).
    """
    free = FREELY * price_step(parts, node, scale)
    used = [_first(len(p), n) for p, n in zip(points, known, strict=True)]
    while True:
        some = [p.take(u) for p, u in zip(points, used, strict=True)]
        found = solve_master(parts, some, node.lower, node.upper, node.prices, free)
        if found is None:
            return None
        reduced = [copy.reduced(found.prices) for copy in parts.copies]
        costs = [p.costs(*prices) for p, prices in zip(points, reduced, strict=True)]
        gain = sum(float(c[u].min() - c.min()) for c, u in zip(costs, used, strict=True))
        if gain <= ENOUGH * scale:
            return found
        used = [np.concatenate([u, _better(c, u)]) for c, u in zip(costs, used, strict=True)]


def _first(n: int, known: int) -> IntArray:
    """The places of some points to begin with: most of them known ones, where these are many."""
    some = np.linspace(0, known - 1, min(known, KNOWN))
    rest = np.linspace(known, n - 1, min(n - known, FIRST - len(some)))
    return np.concatenate([some, rest]).astype(np.intp)


def _better(costs: FloatArray, used: IntArray) -> IntArray:
    """Some whose costs are less than of all that were used, which they are the more of."""
    least: IntArray = np.argsort(costs, kind="stable")[:MORE]
    better: IntArray = least[costs[least] < costs[used].min()]
    return better


def objective_scale(parts: Parts) -> float:
    """A size of the objective: how much the copies' costs vary over points of their boxes.

    And the others' between their bounds: the cost may be all in one variable that a row defines.
    """
    rest = parts.rest
    width = np.abs(rest.cost) * np.where(rest.cost != 0.0, rest.upper - rest.lower, 0.0)
    return float(width[np.isfinite(width)].sum()) + copies_scale(parts) + 1e-6


def copies_scale(parts: Parts) -> float:
    """How much the copies' costs vary over points of their boxes."""
    rng, total = np.random.default_rng(0), 0.0
    for t, copy in enumerate(parts.copies):
        x = rng.uniform(copy.lower, copy.upper, (200, copy.net.n_inputs))
        total += float(np.ptp(parts.points_cost(t, x, copy.net(x))))
    return total


def ceiling(parts: Parts, root: Node) -> float:
    """No solution costs more: a node whose bound does holds none. So infeasible models end."""
    used = parts.rest.cost != 0.0
    cost, lower, upper = (a[used] for a in (parts.rest.cost, parts.rest.lower, parts.rest.upper))
    tops = [
        -price(copy.tree, cover, -copy.cost_y, copy.cost_x, np.inf).least
        for copy, cover in zip(parts.copies, root.covers, strict=True)
    ]
    terms = np.concatenate([np.maximum(cost * lower, cost * upper), tops, [parts.offset]])
    return float(terms.sum() + 1e-6 * (1.0 + np.abs(terms).sum()))


def strengthen_root(
    parts: Parts, deadline: float, rel_gap: float, rounds: int, seed: int, workers: int = 1
) -> Root:
    """Column generation until bound and mixture meet within the gap, or time or rounds are up.

    workers   processes that price, this one among them

    Raises `SolverError` when another process raised, or died.
    """
    rng, scale, pool = np.random.default_rng(seed), objective_scale(parts), Pool(parts)
    node, mixture = priced_root(parts, pool, scale, rng)
    pricing: AbstractContextManager[Pricer] = nullcontext(InTurn(parts, pool, rng))
    if min(workers, len(parts.copies)) > 1:
        pricing = at_once(parts, node.covers, pool, workers, seed, deadline)
    with pricing as pricer:
        goal = Goal(np.inf, rel_gap, scale, deadline)
        root = _column_generation(parts, node, pricer, goal, rounds, mixture)
    if not np.isfinite(root.inner) and root.bound > ceiling(parts, root_node(parts)):
        root = replace(root, bound=np.inf)
    return root


def _column_generation(
    parts: Parts, node: Node, pricer: Pricer, goal: Goal, rounds: int, mixture: Mixture | None
) -> Root:
    """As `improve_bound` does it, until nothing is gained; the goal's tolerance is relative."""
    inner, done, cuts, stalls, rel_gap = np.inf, 0, list[Cut](), 0, goal.tolerance
    while done < rounds:
        goal = replace(goal, tolerance=rel_gap * _size(node, goal))
        found = improve_bound(parts, node, pricer, goal, rounds - done, mixture)
        new = len(found.cuts) // len(parts.copies)
        cuts += found.cuts
        done += new
        if found.mixture is not None and found.mixture.balanced:
            inner = min(inner, found.mixture.value)
        _remember(parts, found)
        stalls = 0 if found.node.bound > node.bound else stalls + 1
        balanced = found.mixture is not None and found.mixture.balanced
        node, mixture = found.node, found.mixture if balanced else None
        if not new or inner - node.bound <= rel_gap * _size(node, goal) or stalls == STALLS:
            break
    return Root(node.bound, inner, tuple(cuts), done)


def _size(node: Node, goal: Goal) -> float:
    """What the gap is relative to: the bound, unless it is next to nothing."""
    return max(abs(node.bound), NEARLY_0 * goal.scale) if np.isfinite(node.bound) else goal.scale


def _remember(parts: Parts, found: Bounded) -> None:
    """Keep the points where cuts touch, and those that the mixture uses, with their networks."""
    touched: dict[CellTree, list[FloatArray]] = {copy.tree: [] for copy in parts.copies}
    for cut in found.cuts:
        touched[parts.copies[cut.copy].tree].append(cut.point[None])
    mixture = found.mixture
    if mixture is not None and mixture.balanced:
        for copy, points, weights in zip(
            parts.copies, mixture.points, mixture.weights, strict=True
        ):
            touched[copy.tree].append(points.x[weights > 0.0])
    for tree, some in touched.items():
        tree.remember(np.concatenate([tree.box.lower[None][:0], *some]))
