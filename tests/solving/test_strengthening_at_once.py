"""`strengthen` in several processes: what it finds, what stays known, and how it fails."""

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from surrogate.cells import forget_trees, known_tree, pricing
from surrogate.decomposition import at_once
from surrogate.decomposition.at_once import _Question, _Share
from surrogate.decomposition.node import Goal
from surrogate.decomposition.pool import CENTRES, Pool
from surrogate.decomposition.root import root_node
from surrogate.errors import SolverError
from surrogate.isolation import staying
from surrogate.problems import linked_problem
from surrogate.solving import strengthen
from tests.decomposition.test_splitting import taken_apart
from tests.nets import make_net
from tests.solving.mixed_models import random_model
from tests.solving.test_strengthening import cuts_of

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _fresh_and_alone():
    forget_trees()
    yield
    assert multiprocessing.active_children() == []


def rows_of(model):
    return [str(row.expr) for _, row in cuts_of(model)]


def rows(copies, **arguments):
    """The cuts of a model of a network that nothing is known of, as text, and the report."""
    forget_trees()
    problem = linked_problem(make_net((8, 6), 5, seed=1), copies, 0, "bigm")
    report = strengthen(problem.model, **arguments)
    return rows_of(problem.model), report.bound, report.cells


def test_the_same_workers_give_the_same_cuts_in_a_fresh_process():
    script = textwrap.dedent(
        """
        from tests.solving.test_strengthening_at_once import rows
        print(rows(3, rounds=4, workers=2))
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = rows(3, rounds=4, workers=2)
    assert len(found[0]) > 1
    assert found[2] > 3 * CENTRES  # so that some are drawn
    assert done.stdout.strip() == str(found)


def test_there_are_never_more_workers_than_copies(monkeypatch):
    others = []
    monkeypatch.setattr(at_once, "staying", lambda shares: others.append(shares) or staying(shares))
    assert rows(2, rounds=4, workers=7) == rows(2, rounds=4, workers=2)
    assert [len(shares) for shares in others] == [1, 1]
    assert rows(1, rounds=4, workers=3) == rows(1, rounds=4)
    assert len(others) == 2


def test_the_bound_is_as_good_as_that_of_one_process():
    _, alone, _ = rows(3, rel_gap=1e-6)
    for workers in (2, 3):
        _, together, _ = rows(3, rel_gap=1e-6, workers=workers)
        assert together == pytest.approx(alone, rel=3e-6)


@pytest.mark.parametrize("workers", [2, 3, 4])
def test_what_others_learned_is_known_here(workers):
    """Of two networks by turns: so every worker has another set of trees."""
    nets = [make_net((8, 6), 4, 1, seed) for seed in (9, 10, 9, 10, 9)]
    model = random_model(3, nets, ("ties", "rows"), "bigm").model
    trees = [known_tree(net, net.box) for net in nets[:2]]
    first = strengthen(model, workers=workers)
    assert min(len(tree) for tree in trees) > 100
    assert first.cells == sum(len(tree) for tree in trees)
    second = strengthen(model)
    assert second.reused == first.cells
    assert second.cells - second.reused < (first.cells - first.reused) / 10
    assert second.rounds == 1 < first.rounds


class Elsewhere(_Share):
    """A share that does something else in another process."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.parent = os.getpid()

    def price(self, question):
        if os.getpid() != self.parent:
            self.do_something_else()
        return super().price(question)


class Raises(Elsewhere):
    def do_something_else(self):
        raise ValueError("no good")


class Dies(Elsewhere):
    def do_something_else(self):
        os._exit(3)


class Interrupts(Elsewhere):
    def do_something_else(self):
        os.kill(self.parent, signal.SIGINT)
        signal.pause()


@pytest.mark.parametrize(
    ("share", "error", "message"),
    [
        (Raises, SolverError, "pricing copies 1, 3 failed: ValueError: no good"),
        (Dies, SolverError, "pricing copies 1, 3 failed: the process ended with exit code 3"),
        (Interrupts, KeyboardInterrupt, ""),
    ],
)
def test_a_failure_or_an_interrupt_leaves_the_model_as_it_was(share, error, message, monkeypatch):
    problem = linked_problem(make_net((5, 4), 4, seed=8), 4, 0, "bigm")
    strengthen(problem.model, rounds=2)
    before = rows_of(problem.model)
    monkeypatch.setattr(at_once, "_Share", share)
    with pytest.raises(error) as caught:
        strengthen(problem.model, rounds=4, workers=2)
    assert str(caught.value) == message
    assert rows_of(problem.model) == before


def share_of(tree):
    parts = taken_apart(linked_problem(tree.net, 2, 0, "bigm").model)[2]
    return parts, _Share(parts, root_node(parts).covers, 0, 2, 0)


@pytest.mark.parametrize(("seconds", "grows"), [(0.0, False), (-1.0, False), (np.inf, True)])
def test_a_share_prices_as_long_as_it_is_told(seconds, grows):
    net = make_net((8, 6), 4, seed=9)
    tree = known_tree(net, net.box)
    parts, share = share_of(tree)
    costs, none = [parts.copies[0].reduced(np.zeros(3))], np.zeros((0, 4))
    (answer,), _ = share.price(_Question(costs, [none], 1e-6, seconds, []))
    assert (len(tree) > 1) == grows
    assert np.isfinite(answer.least)
    (again,), _ = share.price(_Question(costs, [none], np.inf, 0.0, []))
    assert (len(again.centres) > 1) == grows  # the cover is kept


def test_processes_are_told_the_seconds_that_remain():
    net = make_net((8, 6), 4, seed=9)
    tree = known_tree(net, net.box)
    parts, _ = share_of(tree)
    node, prices = root_node(parts), np.zeros(3)
    for deadline, grows in ((time.perf_counter() - 1.0, False), (np.inf, True)):
        with at_once.at_once(parts, node.covers, Pool(parts), 2, 0, np.inf) as pricer:
            done = pricer.price(node, prices, 1e-6, Goal(np.inf, 1e-6, 1.0, deadline))
        assert np.isfinite(done.value)
        assert len(done.cuts) == 2
        assert (len(tree) > 1) == grows


def test_workers_have_the_same_cells_when_they_have_told_each_other():
    net = make_net((8, 6), 4, seed=9)
    parts = taken_apart(linked_problem(net, 2, 0, "bigm").model)[2]
    covers, tree = root_node(parts).covers, known_tree(net, net.box)
    tree.halves(np.array([0]), np.array([1]))  # something is known before
    mine = _Share(parts, covers, 0, 2, 0)
    other = pickle.loads(pickle.dumps(_Share(parts, covers, 1, 2, 0)))
    (theirs,) = other._trees.values()
    none, news = np.zeros((0, 4)), []
    for prices in (np.ones(3), -np.ones(3), np.arange(3.0)):
        costs = [copy.reduced(prices) for copy in parts.copies]
        answers = [
            share.price(_Question([cost], [none], 1e-3, np.inf, news))
            for share, cost in zip((mine, other), costs, strict=True)
        ]
        news = [told for _, told in answers]
    assert 100 < len(tree) != len(theirs)
    for share in (mine, other):
        share.hear(news, np.inf)
    assert len(tree) == len(theirs)


def test_each_of_two_workers_may_make_twice_the_cells_of_one(monkeypatch):
    net = make_net((16, 16), 6, seed=1)
    tree = known_tree(net, net.box)
    monkeypatch.setattr(pricing, "MOST_CELLS", 600)
    parts, share = share_of(tree)
    none = np.zeros((0, 6))
    share.price(_Question([parts.copies[0].reduced(np.ones(3))], [none], 1e-9, np.inf, []))
    assert 1200 < len(tree) < 1800


def test_there_may_be_no_time_to_learn_from_others():
    for deadline, learns in ((0.0, False), (np.inf, True)):
        forget_trees()
        net = make_net((8, 6), 4, seed=9)
        tree = known_tree(net, net.box)
        parts, _ = share_of(tree)
        covers = root_node(parts).covers
        with at_once.at_once(parts, covers, Pool(parts), 2, 0, deadline) as pricer:
            pricer.price(root_node(parts), np.ones(3), 1e-6, Goal(np.inf, 1e-6, 1.0, np.inf))
            before = len(tree)
        assert (len(tree) > before) == learns
