"""The networks of a restart together, against plain loops over them."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from surrogate.choosing import accuracy_by_layout, apart, ranked, recommend, roles, together
from tests.choosing.made_up import decided, nets

NAMES = ("shell", "heads", "fill")
COUNTS = ("active", "inactive", "unstable")


def several(errors, dead=()):
    """One layout: `errors[r]` has the MAE of each network of restart r, in the order of `NAMES`.

    `dead` has pairs of a restart and a name.
    """
    rows = [
        {
            "layout": "3x8",
            "recipe": "best",
            "restart": restart,
            "surrogate": name,
            "mae": error,
            "mse": error**2,
            "max_error": 10 * error,
            "training_mae": error,
            "dead": (restart, name) in dead,
            "active": 1,
            "inactive": 2,
            "unstable": 3,
        }
        for restart, each in enumerate(errors)
        for name, error in zip(NAMES, each, strict=True)
    ]
    return pd.DataFrame(rows)


ERRORS = st.lists(st.tuples(*[st.floats(1e-6, 10.0)] * len(NAMES)), min_size=1, max_size=5)


@given(ERRORS, st.randoms(use_true_random=False))
def test_errors_are_averaged_and_neurons_added_whatever_the_order_of_the_rows(errors, random):
    frame = several(errors)
    order = list(range(len(frame)))
    random.shuffle(order)
    found = together(frame.iloc[order], NAMES)
    assert list(found["restart"]) == list(range(len(errors)))
    assert set(found["networks"]) == {3}
    for row, each in zip(found.itertuples(), errors, strict=True):
        assert np.isclose(row.mae, sum(each) / 3, rtol=1e-12)
        assert np.isclose(row.mse, sum(e**2 for e in each) / 3, rtol=1e-12)
        assert row.max_error == 10 * max(each)
        assert (row.active, row.inactive, row.unstable) == (3, 6, 9)
        assert not row.dead


def test_one_dead_network_makes_the_restart_dead():
    found = together(several([(1, 1, 1), (2, 2, 2)], dead=[(1, "heads")]), NAMES)
    assert list(found["dead"]) == [False, True]


def test_a_restart_that_lacks_a_network_is_left_out():
    frame = several([(1, 1, 1), (2, 2, 2)])
    half = frame[(frame["restart"] == 0) | (frame["surrogate"] != "fill")]
    assert list(together(half, NAMES)["restart"]) == [0]
    assert together(frame[frame["surrogate"] == "shell"], NAMES).empty
    assert together(frame.iloc[:0], NAMES).empty


def test_of_one_network_nothing_changes():
    frame = nets({"1x24": [3.0, 1.0], "3x8": [0.1, 0.7]}).assign(surrogate="")
    found = together(frame, ("",)).set_index(["layout", "restart"])
    for row in frame.itertuples():
        assert found["mae"][row.layout, row.restart] == row.mae
        assert found["training_mae"][row.layout, row.restart] == row.training_mae


def test_restarts_are_ranked_as_a_whole_and_shown_apart_in_that_order():
    """Restart 1 is the best together, though no network of it is the best of its kind."""
    frame = several([(1.0, 9.0, 9.0), (2.0, 2.0, 2.0), (9.0, 1.0, 9.0)])
    assert roles(ranked(together(frame, NAMES), "3x8", "best"))["best"] == 1
    alone = apart(frame, NAMES)
    assert tuple(alone) == NAMES
    for name, mine in alone.items():
        (figures,) = accuracy_by_layout(mine, ["3x8"])
        assert (figures.surrogate, figures.best, figures.mae_best) == (name, 1, 2.0)
    assert [accuracy_by_layout(m, ["3x8"])[0].mae.median for m in alone.values()] == [2.0, 2.0, 9.0]


def test_the_sentence_says_that_a_restart_is_several_nets():
    frame = several([(1e-3, 2e-3, 3e-3), (2e-3, 2e-3, 5e-3)])
    solves = decided({"3x8": [0.01, 0.03]}, {"3x8": 1.0}, recipe="best")
    sentence = recommend(together(frame, NAMES), solves, ["3x8"]).sentence
    assert "its best restart, 3 nets, has a test MAE of 0.002" in sentence
    assert "of that one restart" in sentence
    plain = recommend(nets({"3x8": [1e-3, 2e-3]}, recipe="best"), solves, ["3x8"]).sentence
    assert "its best net has" in plain
    assert "of that one net" in plain
