"""The search of the recipe `best`: every choice is by the validation error, and nothing is lost."""

from dataclasses import replace
from time import perf_counter

import numpy as np
import pytest

from surrogate.training import best
from surrogate.training.best import Task, search
from surrogate.training.gauss_newton import LeastSquares
from surrogate.training.objectives import error
from surrogate.training.parameters import split
from surrogate.training.starts import STARTS, hyperplane_start


@pytest.fixture(autouse=True)
def little_work(monkeypatch):
    monkeypatch.setattr(best, "WORK", 4e7)


def task_of(sizes=(2, 5, 1), n=120, seed=0, start=hyperplane_start, noise=0.0, **more):
    rng = np.random.default_rng(seed)

    def part(n):
        x = rng.uniform(-1, 1, (n, sizes[0]))
        y = np.sin(3 * x[:, :1] * x[:, -1:]) * np.arange(1, sizes[-1] + 1)
        return LeastSquares(sizes, x, y + noise * rng.normal(size=y.shape))

    some = part(n)
    return Task(some, some, part(n), start, "mae", 0, **more)


def run(task, restarts=2):
    return search(task, restarts, lambda _: None)


@pytest.mark.parametrize("objective", ["mae", "mse", "max"])
@pytest.mark.parametrize("sizes", [(2, 5, 1), (1, 3, 2, 2), (2, 1)], ids=str)
def test_candidates_come_by_the_objectives_validation_error(sizes, objective):
    task = replace(task_of(sizes, n=60, start=STARTS["mixed"]), objective=objective)
    found = run(task, 3)
    assert len(found) == 3
    assert len({one.restart for one in found}) == 3
    watched = [error(objective, task.watched.at(one.vector).residual) for one in found]
    assert [one.watched for one in found] == watched == sorted(watched)


def test_the_same_task_gives_the_same_candidates():
    first, again = run(task_of()), run(task_of())
    for a, b in zip(first, again, strict=True):
        assert np.array_equal(a.vector, b.vector)
        assert a.curve == b.curve


def test_more_starts_are_raced_than_come_back():
    seen = []

    def start(*args):
        seen.append(args)
        return hyperplane_start(*args)

    assert len(run(task_of(start=start), 2)) == 2
    assert len(seen) == best.STARTS_PER_RESTART * 2


def test_little_work_is_one_start_per_restart(monkeypatch):
    monkeypatch.setattr(best, "WORK", 1.0)
    seen = []

    def start(*args):
        seen.append(args)
        return hyperplane_start(*args)

    assert len(run(task_of(start=start), 3)) == len(seen) == 3


def test_of_the_starts_those_with_the_least_validation_error_go_on(monkeypatch):
    monkeypatch.setattr(best, "RACE_ITERATIONS", 0)
    monkeypatch.setattr(best, "_revived", lambda _, candidate: candidate)
    monkeypatch.setattr(best, "STARTS_PER_RESTART", 4)
    task = task_of()
    chosen = best.race(task, 2, lambda _: None)
    monkeypatch.setattr(best, "STARTS_PER_RESTART", 1)
    everyone = best.race(task, 8, lambda _: None)
    assert [one.restart for one in chosen] == [one.restart for one in everyone][:2]
    watched = [one.watched for one in everyone]
    assert watched == sorted(watched)


def test_deadlines_in_the_past_leave_one_candidate():
    past = perf_counter() - 1.0
    (one,) = run(task_of(deadlines=(past,) * 4), 5)
    assert np.isfinite(one.vector).all()


@pytest.mark.parametrize("phase", range(4))
def test_any_phase_may_be_out_of_time(phase):
    past = perf_counter() - 1.0
    deadlines = tuple(past if k == phase else np.inf for k in range(4))
    found = run(task_of(deadlines=deadlines), 2)
    assert len(found) == (1 if phase == 0 else 2)


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_polishing_makes_no_candidate_worse(noise):
    task = task_of(n=60, noise=noise)
    raced = best.race(task, 4, lambda _: None)
    polished = best._polish(task, raced, 4, lambda _: None)
    assert [one.restart for one in polished] == [one.restart for one in raced]
    for before, after in zip(raced, polished, strict=True):
        assert after.loss <= before.loss
        assert after.watched <= before.watched
        assert after.loss == task.some.at(after.vector).loss
    assert any(after.loss < before.loss for before, after in zip(raced, polished, strict=True))
    # only the better half gets the time
    assert all(a is b for a, b in zip(raced[2:], polished[2:], strict=True))


def test_a_fit_returns_the_best_seen_on_the_validation_samples():
    # outputs that are nothing but noise: the longer the fit, the worse on other samples
    rng = np.random.default_rng(0)
    sizes = (2, 12, 1)
    parts = [LeastSquares(sizes, rng.uniform(-1, 1, (40, 2)), rng.normal(size=(40, 1)))] * 2
    parts.append(LeastSquares(sizes, rng.uniform(-1, 1, (40, 2)), rng.normal(size=(40, 1))))
    task = Task(*parts, hyperplane_start, "mse", 0)
    start = best._candidate(task, 0, hyperplane_start(sizes, parts[0].x, parts[0].y, rng))
    fit = best._fitted(task, task.some, start, 100)
    blind = best._fitted(replace(task, watched=task.some), task.some, start, 100)
    assert fit.watched <= start.watched
    assert fit.watched == task.watched.at(fit.vector).loss
    assert blind.loss < fit.loss
    assert task.watched.at(blind.vector).loss > 1.2 * fit.watched


def test_neurons_born_dead_are_revived():
    def dead_start(*args):
        vector = hyperplane_start(*args)
        split(vector, args[0])[0][1][:] = -99.0
        return vector

    task = task_of(start=dead_start)
    rng = np.random.default_rng(0)
    born = task.some.at(dead_start((2, 5, 1), task.some.x, task.some.y, rng))
    assert not born.activations[1].any()
    for one in run(task, 2):
        point = task.some.at(one.vector)
        assert point.loss < 0.5 * task.some.y.var()
        assert point.activations[1].any(axis=0).sum() >= 3


def test_a_chain_of_single_neurons_comes_to_life():
    # Lu et al.'s start kills about every net of 24 layers of one neuron
    sizes = (2, *(1,) * 24, 1)
    task = task_of(sizes, start=STARTS["asymmetric"])
    dead = revived = 0
    for restart in range(10):
        rng = np.random.default_rng(restart)
        vector = task.start(sizes, task.some.x, task.some.y, rng)
        candidate = best._candidate(task, restart, vector)
        dead += best._has_dead(task.some.at(vector))
        revived += not best._has_dead(task.some.at(best._revived(task, candidate).vector))
    assert dead >= 8
    assert revived >= 6


def test_progress_rises_from_zero_to_one():
    seen = []
    search(task_of(), 3, seen.append)
    assert len(seen) > 10
    assert seen == sorted(seen)
    assert 0.0 < seen[0] < 0.1
    assert seen[-1] == pytest.approx(1.0)


def test_the_curve_belongs_to_the_candidate():
    # no kicks without hidden layers, so nothing may lift the loss
    (one,) = run(task_of((2, 1)), 1)
    assert (np.diff(one.curve) <= 0.0).all()
    deep = run(task_of())
    assert all(np.isfinite(one.curve).all() and len(one.curve) > 10 for one in deep)


def test_the_finish_fits_all_samples(monkeypatch):
    task = task_of()
    task = replace(task, some=replace(task.some, x=task.some.x[:30], y=task.some.y[:30]))
    fitted, minimise = [], best.minimise

    def watch(problem, *args, **more):
        fitted.append(problem)
        return minimise(problem, *args, **more)

    monkeypatch.setattr(best, "minimise", watch)
    run(task, 1)
    first = next(i for i, problem in enumerate(fitted) if problem is task.all)
    assert all(problem is task.some for problem in fitted[:first])
    assert all(len(problem.x) == len(task.all.x) for problem in fitted[first:])
