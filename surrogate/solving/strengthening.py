"""`strengthen()`: support cuts for every embedded network, in the directions the model asks for.

Column generation on the model (`surrogate.decomposition.root`) finds prices for what the model
trades a network's inputs and outputs at. Each prices (v, g) gives a *support cut* that touches the
hull of the network's graph,

    v.y - g.x >= least,     least = a proved lower bound of min over the box of v.f(x) - g.x.

As rows of the model they take the linear relaxation, of whatever encoding, to nearly the bound of
the hulls: other solvers start there. `solve` needs none of them; it prices by itself.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from surrogate.arguments import check_whole
from surrogate.cells import CellTree, Cover, price
from surrogate.decomposition import (
    Copy,
    Cut,
    Parts,
    Root,
    best_cuts,
    rows_of,
    split,
    strengthen_root,
)
from surrogate.errors import InputError
from surrogate.programs import Builder, Session, Status
from surrogate.solving.checks import check_arguments, check_model
from surrogate.solving.decomposing import embedded
from surrogate.solving.hints import ATTRIBUTE, Graph, SolverHints, hints_in
from surrogate.solving.known import KnownRows
from surrogate.solving.translating import Translation, translate
from surrogate.solving.written import Row, write_rows

NAME = "support_cuts"
"""The constraint on each network's block that holds its cuts."""

ROUNDS = 50

INFEASIBLE = (
    "the model's linear relaxation is infeasible; there is nothing to strengthen. Look for the "
    "constraints that contradict each other"
)

HULLS_INFEASIBLE = (
    "the model has no solution: what the constraints ask of the networks' inputs and outputs is "
    "outside the convex hulls of their graphs. Loosen constraints on outputs, or widen the inputs"
)


@dataclass(frozen=True)
class Strengthening:
    """What `strengthen` did, in the model's own sense.

    bound     of the objective, with every network replaced by its hull: proved
    inner     what that bound cannot pass, None where no mixture satisfies every row
    cuts      rows in the model now, over all networks
    rounds    of pricing
    cells     of all networks' inputs, and
    reused    how many of them were there before
    seconds   wall clock
    """

    bound: float
    inner: float | None
    cuts: int
    rounds: int
    cells: int
    reused: int
    seconds: float

    @property
    def gap(self) -> float:
        """|inner - bound| / |bound|: how far the hull's bound is known; infinite without inner."""
        if self.inner is None or not math.isfinite(self.bound):
            return math.inf
        return abs(self.inner - self.bound) / max(abs(self.bound), 1e-10)


def strengthen(
    model: Any,
    time_limit: float = 30.0,
    *,
    rounds: int = ROUNDS,
    rel_gap: float = 1e-4,
    seed: int = 0,
    workers: int = 1,
) -> Strengthening:
    """Add support cuts for every embedded network to the model.

    time_limit   seconds; every cut found by then is valid
    rounds       of pricing, at most; the same number gives the same cuts in a fresh process
    rel_gap      stop when the bound is this close to what hulls allow, relative to the bound, or to
                 a thousandth of the objective's range where the bound is less
    seed         of the points that the search begins with
    workers      processes that price copies of networks at once, at most as many as copies; with
                 the same number the cuts are the same

    The cuts are the constraint `support_cuts` of each network's block, and take the place of those
    of an earlier call. What is learned of a network on its box serves the next call, and `solve`.

    More workers pay where pricing takes many seconds and cores are free. On copies of a 2x32 net of
    ten inputs two take 1.0 to 1.6 times less than one: cells that serve several copies are made by
    each. On five inputs they do not pay (benchmarks/workers.py). The first call
    starts a server of processes, which takes half a second; every call sends each worker the cells
    that are known, and each has memory for all of them (up to 2 GB a network).

    Raises `InputError` where there is nothing to strengthen or the model cannot be read (see
    `solve`), is infeasible, or looks inside a network; `SolverError` when a worker's process raised
    or died. The model is then left as it was.
    """
    start = time.perf_counter()
    check_arguments(time_limit, 1, seed, rel_gap)
    if not time_limit > 0.0:
        raise InputError(f"time_limit is {time_limit}; cuts take time, give some seconds")
    check_whole("rounds", rounds, 1)
    check_whole("workers", workers, 1)
    check_model(model)
    hints = hints_in(model)
    if not hints.graphs:
        raise InputError(
            "the model has no embedded network that could be strengthened: none was embedded, or "
            'with the encoding "omlt", or its rows or binaries were changed'
        )
    translation = translate(model, hints.known)
    if translation is None:
        raise InputError(INFEASIBLE)
    parts = _parts(translation, hints.graphs)
    trees = {id(copy.tree): copy.tree for copy in parts.copies}
    before = sum(len(tree) for tree in trees.values())
    root = strengthen_root(parts, start + time_limit, rel_gap, int(rounds), seed, int(workers))
    if not math.isfinite(root.inner):
        _check_relaxation(translation)
    if root.bound == math.inf:
        raise InputError(HULLS_INFEASIBLE)
    cuts = {key: _cuts_of(parts, root, tree) for key, tree in trees.items()}
    total = sum(
        _write(graph, copy, cuts[id(copy.tree)])
        for graph, copy in zip(hints.graphs, parts.copies, strict=True)
    )
    sign = -1.0 if translation.program.maximize else 1.0
    return Strengthening(
        bound=sign * root.bound,
        inner=sign * root.inner if math.isfinite(root.inner) else None,
        cuts=total,
        rounds=root.rounds,
        cells=sum(len(tree) for tree in trees.values()),
        reused=before,
        seconds=time.perf_counter() - start,
    )


def _check_relaxation(translation: Translation) -> None:
    """Raises `InputError` when the model's linear relaxation has no optimum."""
    status = Session(translation.program, relaxed=True).solve().status
    if status is Status.INFEASIBLE:
        raise InputError(INFEASIBLE)
    if status in (Status.UNBOUNDED, Status.INFEASIBLE_OR_UNBOUNDED):
        raise InputError(
            "the model's linear relaxation is unbounded; give every variable in the objective a "
            "finite bound on the side where it improves"
        )


def _parts(translation: Translation, graphs: Sequence[Graph]) -> Parts:
    """Raises `InputError` where the networks cannot be taken out of the model."""
    places = {id(variable): j for j, variable in enumerate(translation.variables)}
    nets = embedded(graphs, places)
    parts = None if nets is None else split(translation.program, translation.own_rows, nets)
    if parts is None:
        _check_relaxation(translation)
        raise InputError(
            "the networks cannot be told from the model: an input or output is fixed or integer, "
            "or a constraint of the model uses a variable inside a network; use inputs and outputs"
        )
    return parts


def _cuts_of(parts: Parts, root: Root, tree: CellTree) -> tuple[Cut, ...]:
    """The distinct cuts of all copies of one network and box.

    They are for the whole box of the tree: whatever the model's bounds become, they hold. Those
    that were found where the model leaves less of it are priced again.
    """
    box = tree.box
    whole: Cover | None = None
    found = []
    for cut in root.cuts:
        other = parts.copies[cut.copy]
        if other.tree is not tree or not cut.v.any():
            continue
        if (other.lower > box.lower).any() or (other.upper < box.upper).any():
            if whole is None:
                whole = Cover.of(tree, box.lower, box.upper)
            least = price(tree, whole, cut.v, cut.g, math.inf).least
            cut = replace(cut, least=least)
        found.append(cut)
    return best_cuts(found)


def _write(graph: Graph, copy: Copy, cuts: Sequence[Cut]) -> int:
    """Put the cuts on the network's block, as rows that it knows; returns how many."""
    block = graph.outputs[0].parent_block()
    hints: SolverHints = getattr(block, ATTRIBUTE)
    old = block.component(NAME)
    known = tuple(rows for rows in hints.known if rows.constraint is not old)
    if old is not None:
        block.del_component(old)
    builder, d = Builder(), copy.net.n_inputs
    x = builder.add_columns("x", np.zeros(d), 0.0)
    y = builder.add_columns("y", np.zeros(copy.net.n_outputs), 0.0)
    if cuts:
        v, g, least = rows_of(cuts)
        builder.add_rows(NAME, least, np.inf, (x, -g), (y, v))
        (group,), variables = builder.rows, (*graph.inputs, *graph.outputs)
        starts = group.start.tolist()
        rows = [
            Row(group.columns[a:b].tolist(), group.values[a:b].tolist(), float(lower), None)
            for a, b, lower in zip(starts, starts[1:], group.lower, strict=False)
        ]
        constraint = write_rows(block, NAME, rows, variables)
        known = (*known, KnownRows(constraint, (group,), variables))
    setattr(block, ATTRIBUTE, replace(hints, known=known))
    return len(cuts)
