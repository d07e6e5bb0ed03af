"""`AtOnce`: the copies are priced in several processes, this one and others that stay.

Copy t belongs to worker t mod workers, of which number 0 is this process. Each has trees of its
own, and keeps the covers. Prices go out every round, and with what comes back each tells where it
cut: the others cut there too before they price again, for a cell that one copy needed serves every
copy of its network. So what all have learned is here in the end.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from surrogate.box import FloatArray
from surrogate.cells import Cover, Cuts, Following, Points, price
from surrogate.decomposition.node import Goal, Node, Round
from surrogate.decomposition.parts import Parts
from surrogate.decomposition.pool import Pool, some_centres
from surrogate.isolation import Staff, staying

News = dict[int, Cuts]
"""Where trees were cut since the last news, by the number of the tree."""


@dataclass(frozen=True, eq=False)
class _Question:
    """Price copies.

    costs     v and g of each
    known     (n, d) for each, where v.f - g.x may be small
    gap       that may be left of each
    seconds   until when: processes do not share a clock
    news      of all workers, from their last answers
    """

    costs: Sequence[tuple[FloatArray, FloatArray]]
    known: Sequence[FloatArray]
    gap: float
    seconds: float
    news: Sequence[News]


@dataclass(frozen=True, eq=False)
class _Found:
    """What pricing a copy found (see `Priced`), and centres of some of its cells, (n, d)."""

    least: float
    best: FloatArray
    points: Points
    centres: FloatArray


class _Share:
    """The copies of one worker, and their trees. Pickled, it has trees of its own.

    number    of the worker, who owns every workers-th copy from there on
    trees     of all copies, each once. Worker 0 keeps them all: it is to know in the end
    """

    def __init__(
        self, parts: Parts, covers: Sequence[Cover], number: int, workers: int, seed: int
    ) -> None:
        own = parts.copies[number::workers]
        self._workers = workers
        self._number, self._copies = number, range(len(parts.copies))[number::workers]
        self._own, self._covers = [copy.tree for copy in own], list(covers[number::workers])
        every = dict.fromkeys(copy.tree for copy in parts.copies)
        self._trees = {i: tree for i, tree in enumerate(every) if number == 0 or tree in self._own}
        self._told = {i: len(tree.cuts[0]) for i, tree in self._trees.items()}
        self._following = {
            (i, other): Following(tree, len(tree))
            for i, tree in self._trees.items()
            for other in range(workers)
            if other != number
        }
        self._rng = np.random.default_rng([seed, 1 + number])

    def __str__(self) -> str:
        """The share in a message."""
        return f"pricing copies {', '.join(str(t) for t in self._copies)}"

    def price(self, question: _Question) -> tuple[list[_Found], News]:
        """Every copy, on covers that grow finer from call to call; and where trees were cut."""
        found, deadline = [], time.perf_counter() + question.seconds
        self.hear(question.news, deadline)
        for i, (tree, cost) in enumerate(zip(self._own, question.costs, strict=True)):
            cover, known = self._covers[i], question.known[i]
            done = price(
                tree,
                cover,
                *cost,
                question.gap,
                deadline=deadline,
                known=known,
                times=self._workers,  # a copy in turn finds the cells just made for others
            )
            self._covers[i] = done.cover
            centres = some_centres(done.cover, self._rng)
            found.append(_Found(done.least, done.best, done.points, centres))
        news = {i: tree.cuts_from(self._told[i]) for i, tree in self._trees.items()}
        for i, (cells, _) in news.items():
            self._told[i] += len(cells)
        return found, news

    def hear(self, news: Sequence[News], deadline: float) -> None:
        """Cut the trees as those of the others were cut, as far as there is time."""
        for other, some in enumerate(news):
            for i, cuts in some.items():
                if (i, other) in self._following:
                    self._following[i, other].follow(cuts, deadline)


class AtOnce:
    """A `Pricer`, without cutoffs: then no cell is left out, and hulls stay what they are.

    The covers of a node are those that it began with; they say where the copies may be. How finely
    that is known is kept where a copy is priced.
    """

    def __init__(
        self, parts: Parts, pool: Pool, mine: _Share, staff: Staff[_Share], workers: int
    ) -> None:
        self._parts, self._pool = parts, pool
        self._mine, self._staff, self._workers = mine, staff, workers
        self._centres: list[FloatArray] = []
        self._news: list[News] = []

    def price(self, node: Node, prices: FloatArray, gap: float, goal: Goal) -> Round:
        """Every copy, to within its share of `gap`; those of this process while others work.

        Raises `SolverError` when another process raised, or died.
        """
        costs = [copy.reduced(prices) for copy in self._parts.copies]
        hulls = [cover.hull for cover in node.covers]
        known = [self._pool.best(t, hull, *costs[t]) for t, hull in enumerate(hulls)]
        share, seconds = gap / len(costs), goal.deadline - time.perf_counter()
        n = self._workers
        questions = [
            _Question(costs[k::n], known[k::n], share, seconds, self._news) for k in range(n)
        ]
        others = self._staff.ask(_Share.price, questions[1:])
        answers = [self._mine.price(questions[0]), *others()]
        self._news = [news for _, news in answers]
        found = [answers[t % n][0][t // n] for t in range(len(costs))]
        for t, one in enumerate(found):
            self._pool.add(t, one.points)
        self._centres = [one.centres for one in found]
        least, bests = [one.least for one in found], [one.best for one in found]
        return Round.of(self._parts, node, prices, least, bests)

    def points(self, node: Node, prices: FloatArray) -> list[Points]:
        """Points of each copy in the node, for the master: those of least reduced cost."""
        return [
            self._pool.points(t, cover.hull, centres, prices)
            for t, (cover, centres) in enumerate(zip(node.covers, self._centres, strict=True))
        ]

    def learn(self, deadline: float) -> None:
        """What the others told in the last round, as far as there is time."""
        self._mine.hear(self._news, deadline)


@contextmanager
def at_once(
    parts: Parts, covers: Sequence[Cover], pool: Pool, workers: int, seed: int, deadline: float
) -> Iterator[AtOnce]:
    """A pricer of so many processes, no more than copies; the others are ended with the block.

    deadline   of `time.perf_counter`, for what has been learned when the block ends
    """
    workers = min(workers, len(parts.copies))
    mine, *others = (_Share(parts, covers, k, workers, seed) for k in range(workers))
    with staying(others) as staff:
        pricer = AtOnce(parts, pool, mine, staff, workers)
        yield pricer
        pricer.learn(deadline)
