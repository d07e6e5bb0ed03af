"""`train` as a user sees it: reproducible, sorted, blind to the test samples, in any units."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from surrogate.box import Box
from surrogate.datasets import Dataset, Split
from surrogate.functions import FUNCTIONS
from surrogate.study import Study
from surrogate.study.rows import TrainingTask
from surrogate.study.trial import train_layout
from surrogate.training import best, train
from surrogate.training.origin import train_origin
from surrogate.validity import Hull

XY = FUNCTIONS["xy"]
DATA = Dataset.sample(XY, 150, np.random.default_rng(0))
TWO = Dataset(
    DATA.inputs,
    np.hstack([DATA.outputs, 100 * DATA.inputs[:, :1] ** 2]),
    ("pressure", "heat"),
    ("power", "cost"),
)


@pytest.fixture(autouse=True)
def little_work(monkeypatch):
    monkeypatch.setattr(best, "WORK", 1e7)


def hashes(trained):
    return [one.network.content_hash for one in trained]


@pytest.mark.parametrize("recipe", ["best", "origin"])
def test_the_networks_hold_the_hull_of_the_training_samples(recipe):
    split = TWO.split(0)
    for one in train(split, "1x4", recipe, 2):
        hull = one.network.hull
        assert hull == Hull.of(split.train.inputs, split.train.outputs)
        assert hull.inputs.contains(split.train.inputs).all()
        assert not hull.inputs.contains(split.test.inputs).all()  # which nobody looks at


@pytest.mark.parametrize("recipe", ["best", "origin"])
def test_the_same_call_gives_the_same_networks(recipe):
    first, again, other = (train(DATA, "1x4", recipe, 2, seed) for seed in (0, 0, 1))
    assert hashes(first) == hashes(again)
    assert set(hashes(first)).isdisjoint(hashes(other))
    for a, b in zip(first, again, strict=True):
        assert np.array_equal(a.curve, b.curve)


@pytest.mark.parametrize("recipe", ["best", "origin"])
def test_as_many_networks_as_restarts_and_all_different(recipe):
    found = train(DATA, "2x3", recipe, restarts=3)
    assert len(set(hashes(found))) == len({one.restart for one in found}) == 3


@pytest.mark.parametrize(
    ("recipe", "objective"), [("best", "mae"), ("best", "mse"), ("best", "max"), ("origin", "mae")]
)
def test_the_best_on_the_validation_samples_comes_first(recipe, objective):
    found = train(TWO, "1x4", recipe, restarts=4, objective=objective)
    outputs = TWO.split(0).train.outputs
    radius = np.ptp(outputs, axis=0) / 2
    kind = {"mae": "mae", "mse": "rmse", "max": "largest"}[objective]
    relative = [getattr(one.errors["validation"], kind) / radius for one in found]
    if objective == "mse":
        scores = [(r**2).mean() for r in relative]
    else:
        scores = [r.max() if objective == "max" else r.mean() for r in relative]
    assert len(found) == 4
    assert scores == sorted(scores)


@pytest.mark.parametrize("recipe", ["best", "origin"])
def test_the_test_samples_have_no_part(recipe):
    split = TWO.split(0)
    other = replace(split.test, outputs=1e3 - 7 * split.test.outputs)
    found, blind = (train(s, "1x4", recipe, 2) for s in (split, replace(split, test=other)))
    assert hashes(found) == hashes(blind)
    assert (found[0].errors["test"].mae < blind[0].errors["test"].mae).all()


@pytest.mark.filterwarnings("ignore::surrogate.training.TrainingWarning")  # no net fits these
def test_the_validation_samples_have_one():
    split = TWO.split(0)
    other = replace(split.validation, outputs=split.validation.outputs[::-1])
    assert hashes(train(split, "1x4", restarts=2)) != hashes(
        train(replace(split, validation=other), "1x4", restarts=2)
    )


def test_a_dataset_is_split_by_the_seed():
    for seed in (0, 3):
        assert hashes(train(DATA, "1x3", restarts=1, seed=seed)) == hashes(
            train(DATA.split(seed), "1x3", restarts=1, seed=seed)
        )


@pytest.mark.parametrize("recipe", ["best", "origin"])
def test_reported_errors_are_those_of_the_network(recipe):
    split = TWO.split(0)
    for one in train(split, "2x3", recipe, 2):
        assert list(one.errors) == ["train", "validation", "test"]
        for name, found in one.errors.items():
            part = getattr(split, name)
            error = one.network(part.inputs) - part.outputs
            assert found.mae == pytest.approx(np.abs(error).mean(axis=0))
            assert found.rmse == pytest.approx(np.sqrt(np.mean(error**2, axis=0)))
            assert found.largest == pytest.approx(np.abs(error).max(axis=0))


@pytest.mark.parametrize("recipe", ["best", "origin"])
def test_networks_carry_box_names_and_layout(recipe):
    (one,) = train(TWO, "3-2", recipe, 1)
    assert one.network.input_labels == ("pressure", "heat")
    assert one.network.output_labels == ("power", "cost")
    assert one.network.layout == "3-2"
    assert one.network.box == TWO.box  # of all samples, not only of those trained on
    wide = Box.of([(-3, 2), (-1, 1)])
    (one,) = train(TWO, "3-2", recipe, 1, box=wide)
    assert one.network.box == wide


@pytest.mark.parametrize("layout", ["linear", "1x1", "24x1", "4-3-2"])
def test_every_layout_trains(layout):
    for one in train(TWO, layout, restarts=2):
        assert one.network.layout == layout
        assert np.isfinite(one.curve).all()
        assert len(one.curve) > 0
        # no worse than the mean of each output would be
        split = TWO.split(0)
        spread = np.abs(split.validation.outputs - np.median(split.train.outputs, axis=0))
        radius = np.ptp(split.train.outputs, axis=0) / 2
        error = (one.errors["validation"].mae / radius).mean()
        assert error < 1.1 * (spread.mean(axis=0) / radius).mean()


@pytest.mark.parametrize("inputs", [2.0**-20, 2.0**20])
@pytest.mark.parametrize("outputs", [2.0**-20, 2.0**20])
def test_units_that_are_powers_of_two_change_nothing(inputs, outputs):
    plain = train(DATA, "1x4", restarts=2)
    scaled = train(Dataset(DATA.inputs * inputs, DATA.outputs * outputs), "1x4", restarts=2)
    for a, b in zip(plain, scaled, strict=True):
        expected = a.network(DATA.inputs) * outputs
        assert b.network(DATA.inputs * inputs) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("recipe", ["best", "origin"])
@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_any_unit_and_any_zero_is_as_accurate(unit, recipe):
    plain = train(DATA, "1x6", recipe, 2)[0].errors["train"].mae
    moved = Dataset(DATA.inputs * unit + [5 * unit, -9 * unit], DATA.outputs * unit - 3 * unit)
    found = train(moved, "1x6", recipe, 2)[0].errors["train"].mae / unit
    assert found == pytest.approx(plain, rel=0.5)


def test_a_linear_function_is_learnt_to_rounding():
    data = Dataset(DATA.inputs, DATA.inputs @ [[1.0, 2.0], [3.0, -1.0]] + [10.0, -20.0])
    for layout in ("linear", "1x3"):
        for objective in ("mae", "mse", "max"):
            (one,) = train(data, layout, restarts=1, objective=objective)
            assert one.errors["test"].largest.max() < (1e-10 if layout == "linear" else 1e-3)


def test_all_training_samples_are_used_in_the_end(monkeypatch):
    monkeypatch.setattr(best, "SAMPLES", 20)
    rng = np.random.default_rng(1)
    noisy = Dataset(DATA.inputs, DATA.inputs[:, :1] + rng.normal(size=(150, 1)))
    (one,) = train(Split(noisy, noisy, noisy), "linear", restarts=1, objective="mse")
    a = np.hstack([noisy.inputs, np.ones((150, 1))])
    solution = np.linalg.lstsq(a, noisy.outputs, rcond=None)[0]
    assert one.network(noisy.inputs) == pytest.approx(a @ solution, abs=1e-6)


@pytest.mark.filterwarnings("ignore::surrogate.training.TrainingWarning")
@pytest.mark.parametrize("limit", [1e-9, 0.05])
def test_a_short_time_limit_still_gives_a_network(limit):
    found = train(DATA, "3x4", restarts=4, time_limit=limit)
    assert 1 <= len(found) <= 4
    assert np.isfinite(found[0].errors["test"].largest).all()


@pytest.mark.parametrize("recipe", ["best", "origin"])
def test_progress_rises_to_one(recipe):
    seen = []
    train(DATA, "1x3", recipe, 2, on_progress=seen.append)
    assert seen == sorted(seen)
    assert seen[0] > 0.0
    assert seen[-1] == pytest.approx(1.0)


def test_the_objective_tells_in_the_errors():
    same = Split(TWO, TWO, TWO)
    found = {o: train(same, "1x3", restarts=2, objective=o)[0] for o in ("mae", "max")}
    radius = np.ptp(TWO.outputs, axis=0)
    largest = {o: (one.errors["train"].largest / radius).max() for o, one in found.items()}
    mean = {o: (one.errors["train"].mae / radius).mean() for o, one in found.items()}
    assert largest["max"] < largest["mae"]
    assert mean["mae"] < mean["max"]


def test_origin_is_the_origins_recipe_on_the_training_samples():
    split = TWO.split(2)
    found = train(split, "2x3", "origin", restarts=3, seed=2)
    expected = train_origin(
        split.train,
        "2x3",
        box=TWO.box,
        output_range=split.train.output_range,
        restarts=range(3),
        seed=2,
    )
    assert sorted(one.restart for one in found) == [0, 1, 2]
    for one in found:
        assert one.network.content_hash == expected[one.restart].network.content_hash
        assert np.array_equal(one.curve, expected[one.restart].curve)


@pytest.mark.filterwarnings("ignore::surrogate.training.TrainingWarning")  # of few samples
@pytest.mark.parametrize("function", ["peaks", "rosenbrock"])
def test_origin_gives_the_nets_of_the_study(tmp_path, function):
    study = Study(function=function, samples=40, restarts=3, seed=4)
    rows = train_layout(TrainingTask(study, "2x3", "origin", "", tmp_path), lambda _: None)
    data = Dataset.sample(study.truth, study.samples, np.random.default_rng([study.seed]))
    few = data.split()
    for box in (None, study.truth.box):
        split = Split(data, few.validation, few.test)
        found = train(split, "2x3", "origin", restarts=3, seed=study.seed, box=box)
        assert {one.restart: one.network.content_hash for one in found} == {
            row.restart: row.content_hash for row in rows
        }
        assert all(one.network.box == study.truth.box for one in found)


def test_best_is_better_than_the_origin():
    data = Dataset.sample(XY, 600, np.random.default_rng(1))
    second, first = (train(data, "2x6", recipe, 2)[0] for recipe in ("best", "origin"))
    assert second.errors["test"].mae < 0.25 * first.errors["test"].mae


def test_noise_is_not_learnt_by_heart(monkeypatch):
    # 200 samples for 81 parameters. Against the same search with the validation samples among those
    # it trains on, which cannot see where learning by heart begins.
    monkeypatch.setattr(best, "WORK", 3e8)
    seeing, blind = [], []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        noisy, held, truth = (Dataset.sample(XY, n, rng) for n in (200, 60, 2000))
        noisy, held = (
            replace(part, outputs=part.outputs + 0.1 * rng.normal(size=part.outputs.shape))
            for part in (noisy, held)
        )
        for errors, watched in ((seeing, held), (blind, noisy)):
            split = Split(noisy, watched, truth)
            found = train(split, "1x20", restarts=2, seed=seed, objective="mse")
            errors.append(found[0].errors["test"].rmse[0])
    assert np.mean(seeing) < 0.06  # the truth is 0.1 below the noise
    assert np.mean(seeing) < 0.8 * np.mean(blind)


def test_the_recipe_best_does_not_load_torch():
    code = (
        "import sys, surrogate, numpy as np; x = np.random.default_rng(0).normal(size=(50, 1)); "
        "surrogate.train(surrogate.Dataset(x, x * x), '1x2', restarts=1); "
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
