"""Whatever cannot be used is refused with the value, the limit and the remedy."""

import re
import warnings
from dataclasses import replace
from importlib import import_module
from itertools import pairwise

import numpy as np
import pytest

from surrogate.box import Box
from surrogate.datasets import Dataset, Split
from surrogate.errors import InputError, LayoutError
from surrogate.functions import FUNCTIONS
from surrogate.training import TrainingWarning, best, origin, train

training_door = import_module("surrogate.training.train")  # its name is that of a function, too

DATA = Dataset.sample(FUNCTIONS["xy"], 60, np.random.default_rng(0))
X, Y = DATA.inputs, DATA.outputs


@pytest.fixture(autouse=True)
def little_work(monkeypatch):
    monkeypatch.setattr(best, "WORK", 1e7)


def refused(data=DATA, layout="1x3", **more):
    with pytest.raises(InputError) as caught:
        train(data, layout, **({"restarts": 2} | more))
    return str(caught.value)


@pytest.mark.parametrize("given", ["adam", "", None, ["best"], 1])
@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("recipe", "best, origin"),
        ("objective", "mae, mse, max"),
        ("start", "mixed, folding, hyperplanes, asymmetric"),
    ],
)
def test_unknown_choices(name, known, given):
    message = refused(**{name: given})
    assert message == f"{name} {given!r} is unknown; choose one of {known}"


@pytest.mark.parametrize("layout", ["3by8", "", "0x3", "3x", "8-0"])
def test_unknown_layouts(layout):
    with pytest.raises(LayoutError, match="is not understood; write LxW"):
        train(DATA, layout)


@pytest.mark.parametrize("layout", [3, None, (8, 8), b"3x8"])
def test_layouts_that_are_no_text(layout):
    assert refused(layout=layout) == f"layout is {layout!r}; give a text such as '3x8'"


@pytest.mark.parametrize("given", [-1, 2.0, 2.5, "2", True, None, np.nan, [2]])
@pytest.mark.parametrize(("name", "least"), [("restarts", 1), ("seed", 0)])
def test_numbers_that_are_not_whole_or_too_small(name, least, given):
    message = refused(**{name: given})
    assert message == f"{name} is {given!r}; give a whole number, at least {least}"


def test_no_restarts():
    assert refused(restarts=0) == "restarts is 0; give a whole number, at least 1"


@pytest.mark.parametrize("seed", [0, np.int64(3), 10**30])
def test_any_whole_number_is_a_seed(seed):
    assert len(train(DATA, "1x3", restarts=np.int64(1), seed=seed)) == 1


@pytest.mark.parametrize("given", [0, -1, -0.5, np.nan, "2", True, [1]])
def test_time_limits(given):
    message = refused(time_limit=given)
    assert message == f"time_limit is {given!r}; give seconds, more than 0, or None for no limit"


def test_the_origin_takes_no_time_limit():
    assert "always trains 100 epochs; leave out time_limit" in refused(
        recipe="origin", time_limit=5.0
    )


@pytest.mark.parametrize("n", [1, 3])
def test_a_box_of_another_dimension(n):
    message = refused(box=Box.of([(-1, 1)] * n))
    assert message == (
        f"the box bounds {n} inputs, the samples have 2; give one interval per input"
    )


@pytest.mark.parametrize("box", ["xy", 5, [(1, -1), (0, 1)], [(0, 1, 2)] * 2, [(0, np.inf)] * 2])
def test_what_is_no_box(box):
    assert refused(box=box).startswith("box: ")


def test_intervals_are_a_box():
    (one,) = train(DATA, "1x3", restarts=1, box=[(-1, 1), (-2, 1)])
    assert one.network.box == Box.of([(-1, 1), (-2, 1)])


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_a_sample_outside_the_box_is_named(part):
    far = Dataset([[0.5, 0.5], [0.25, 7.5]], [[1.0], [2.0]])
    message = refused(replace(DATA.split(), **{part: far}), box=Box.of([(-1, 1)] * 2))
    assert "[0.25, 7.5]" in message
    assert message.startswith("1 of ")
    assert message.endswith("widen the box, or leave these samples out")


@pytest.mark.parametrize("recipe", ["best", "origin"])
@pytest.mark.parametrize("n", [1, 2])
def test_too_few_samples(n, recipe):
    message = refused(Dataset(X[:n], Y[:n]), recipe=recipe)
    assert f"the dataset has {n} rows" in message
    assert "give more samples" in message


def test_three_samples_leave_one_to_train_on():
    message = refused(Dataset(X[:3], Y[:3]))
    assert "in every training sample (1)" in message
    assert "give more samples" in message


@pytest.mark.parametrize("recipe", ["best", "origin"])
def test_a_constant_output_is_named(recipe):
    data = Dataset(X, np.hstack([Y, np.full((60, 1), 7.5)]), output_names=("cost", "speed"))
    message = refused(data, recipe=recipe)
    assert message.startswith("output 'speed' is 7.5 in every training sample")
    assert "leave it out" in message


@pytest.mark.parametrize("recipe", ["best", "origin"])
def test_an_output_that_varies_by_rounding_is_a_constant(recipe):
    split = Dataset(X, 1e3 + 1e-10 * Y).split()  # a range of at most 2e-13 of its magnitude
    message = refused(split, recipe=recipe)
    assert re.match(
        r"output 'y0' is 1000, but for [12]e-10, in every training sample \(42\); a constant needs "
        "no network: leave it out, or give more samples",
        message,
    )


def test_an_output_that_varies_little_is_learnt():
    found = train(Dataset(X, 1e3 + 1e-8 * X[:, :1]), "linear", restarts=1)
    assert found[0].errors["test"].largest < 1e-11


@pytest.mark.parametrize("recipe", ["best", "origin"])
def test_training_samples_that_are_all_at_one_point(recipe):
    one = Dataset(np.full((20, 2), [0.5, -0.0]), Y[:20])
    assert refused(replace(DATA.split(), train=one), recipe=recipe) == (
        "the 20 training samples are all at the input [0.5, -0.0], with outputs that differ; "
        "give samples of at least 2 distinct inputs"
    )


def test_samples_that_are_all_at_one_point():
    assert "1 distinct inputs" in refused(Dataset(np.ones((60, 2)), Y))


@pytest.mark.filterwarnings(
    "ignore::surrogate.training.TrainingWarning"
)  # the origin learns little
@pytest.mark.parametrize("recipe", ["best", "origin"])
def test_a_constant_input_column_is_no_obstacle(recipe):
    data = Dataset(np.column_stack([X[:, 0], np.full(60, 3.0)]), X[:, :1] ** 2)
    for one in train(data, "1x3", recipe=recipe, restarts=2):
        assert np.isfinite(one.network(data.inputs)).all()
        assert one.network.box.pairs()[1] == (3.0, 3.0)


@pytest.mark.parametrize("recipe", ["best", "origin"])
def test_fewer_samples_than_parameters_is_a_warning(recipe):
    with pytest.warns(TrainingWarning) as caught:
        found = train(Dataset(X[:20], Y[:20]), "1x20", recipe=recipe, restarts=2)
    assert len(found) == 2
    (warning,) = caught
    assert str(warning.message) == (
        "14 distinct training inputs, but 81 parameters: the network can learn them by heart. "
        "Give more samples, or fewer neurons"
    )
    assert warning.filename == __file__


@pytest.mark.parametrize("recipe", ["best", "origin"])
def test_outputs_are_no_samples(recipe):
    data = Dataset(X, X[:, :1] * np.arange(1.0, 14.0))
    with pytest.warns(TrainingWarning, match="^42 distinct training inputs, but 283 parameters"):
        train(data, "2x10", recipe, restarts=1)


@pytest.mark.parametrize("recipe", ["best", "origin"])
def test_repeated_inputs_are_one_sample(recipe):
    train_part = Dataset(np.repeat(X[:10], 4, axis=0), np.repeat(Y[:10], 4, axis=0))
    split = replace(DATA.split(), train=train_part)
    message = "^10 distinct training inputs in 40 training samples, but 13 parameters"
    with pytest.warns(TrainingWarning, match=message):
        train(split, "1x3", recipe, restarts=1)


@pytest.mark.parametrize("data", [(X, Y), None, X, {"inputs": X}])
def test_data_that_is_no_dataset(data):
    message = refused(data)
    assert message == f"data is {type(data).__name__}; give a surrogate.Dataset(inputs, outputs)"


@pytest.mark.parametrize("where", ["inputs", "outputs"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_rows_that_are_not_finite_never_become_a_dataset(where, bad):
    arrays = {"inputs": X.copy(), "outputs": Y.copy()}
    arrays[where][7, 0] = bad
    with pytest.raises(InputError, match=f"{where} row 7 holds NaN or infinity.*remove or fill"):
        Dataset(**arrays)


def test_a_split_of_something_else():
    split = DATA.split()
    assert refused(Split(split.train, split.validation, None)) == (
        "a part of the split is NoneType; give three Datasets"
    )


@pytest.mark.parametrize("part", ["validation", "test"])
def test_parts_with_other_columns(part):
    split = DATA.split()
    for other in (Dataset(X[:, :1], Y), Dataset(X, np.hstack([Y, Y]))):
        message = refused(replace(split, **{part: other}))
        assert message.startswith("train, validation and test have [(2, 1), ")
        assert message.endswith("give parts of one dataset")


@pytest.mark.parametrize("recipe", ["best", "origin"])
@pytest.mark.parametrize(
    ("data", "name"),
    [
        (Dataset(X * 1.7e308, Y, ("flow", "heat")), "'flow'"),
        (Dataset(X * 1e-320, Y), "'x0'"),
        (Dataset(X, Y * 1e200, (), ("cost",)), "'cost'"),
        (Dataset(X, Y * 1e-200), "'y0'"),
    ],
)
def test_units_in_which_training_would_overflow(data, name, recipe):
    message = refused(data, recipe=recipe)
    assert message.startswith(f"{name} lies in [")
    assert message.endswith("choose another unit")


def test_all_restarts_dead_is_a_warning(monkeypatch):
    # 24 layers of one neuron die at birth under Glorot's start, so two epochs tell as much as 100
    short = origin.train_origin
    monkeypatch.setattr(
        origin, "train_origin", lambda *args, **more: short(*args, **(more | {"epochs": 2}))
    )
    data = Dataset.sample(FUNCTIONS["xy"], 120, np.random.default_rng(0))
    with pytest.warns(TrainingWarning) as caught:
        found = train(data, "24x1", "origin", restarts=2)
    assert [np.ptp(one.network(data.inputs)) for one in found] == [0.0, 0.0]
    (warning,) = caught
    assert str(warning.message) == (
        "all 2 restarts of 24x1 are dead: their outputs do not depend on the inputs. "
        "Take a wider, less deep layout, or the recipe 'best'"
    )
    assert warning.filename == __file__


def told(*args, **more):
    """The networks, and what the warnings say."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = train(*args, **more)
    assert all(one.category is TrainingWarning and one.filename == __file__ for one in caught)
    return found, [str(one.message) for one in caught]


def test_dead_restarts_of_the_recipe_best_are_not_sent_to_it(monkeypatch):
    def dead(task, *_):
        size = sum((a + 1) * b for a, b in pairwise(task.some.sizes))
        return [best.Candidate(0, np.zeros(size), 1.0, 1.0, (1.0,))]

    monkeypatch.setattr(training_door, "search", dead)
    (message,) = told(DATA, "1x3", restarts=1)[1]
    assert message == (
        "all 1 restarts of 1x3 are dead: their outputs do not depend on the inputs. "
        "Take a wider, less deep layout, or more restarts"
    )


def test_restarts_that_never_began_are_a_warning():
    found, messages = told(DATA, "1x3", restarts=4, time_limit=1e-9)
    assert len(found) == 1
    assert messages[0] == (
        "time_limit 1e-09 s let 1 of 4 restarts begin; give more seconds, or fewer restarts"
    )
    assert told(DATA, "1x3", restarts=2, time_limit=60.0)[1] == []


@pytest.mark.parametrize("objective", ["mae", "mse", "max"])
def test_no_better_than_a_constant_is_a_warning(objective):
    split = DATA.split()
    same = replace(split, train=replace(split.train, outputs=split.train.outputs + 2.0))
    watched = Dataset(split.validation.inputs, np.full((9, 1), np.median(same.train.outputs) + 0.1))
    (one,), messages = told(
        replace(same, validation=watched), "1x3", restarts=1, seed=1, objective=objective
    )
    radius = np.ptp(same.train.outputs) / 2
    error = np.abs(one.network(watched.inputs) - watched.outputs) / radius
    net = {"mae": error.mean(), "mse": (error**2).mean(), "max": error.max()}[objective]
    constant = (0.1 / radius) ** (2 if objective == "mse" else 1)
    (message,) = messages
    assert message.startswith(
        "the best of 1 restarts of 1x3 is no better on the validation samples than the training "
        f"median: the objective {objective!r} is {net:.3g} against {constant:.3g}, on outputs"
    )


def test_the_origin_is_judged_by_what_it_trains_for(monkeypatch):
    short = origin.train_origin
    monkeypatch.setattr(
        origin, "train_origin", lambda *args, **more: short(*args, **(more | {"epochs": 1}))
    )
    _, messages = told(DATA, "1x3", "origin", restarts=1, objective="max")
    assert ["the objective 'mae' is" in message for message in messages] == [True]


def test_enough_samples_and_live_networks_warn_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(DATA, "1x3", restarts=2)


def test_a_layout_whose_curvature_has_no_room():
    message = refused(layout="2x100")
    assert "10,501 parameters" in message
    assert "at most 10,000" in message
    assert "'origin'" in message
