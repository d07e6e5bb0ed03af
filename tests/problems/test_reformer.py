"""The table of the reformer, and the problem that is made of it."""

import numpy as np
import pytest

from surrogate.datasets.reformer import reformer_table
from surrogate.problems import PROBLEMS
from surrogate.solving import solve
from tests.problems.fitted import networks_for

REFORMER = PROBLEMS["reformer"]


def test_the_rows_are_the_same_every_time_and_another_seeds_are_others():
    table = reformer_table()
    assert table.inputs.shape == (2000, 3)
    assert table.outputs.shape == (2000, 4)
    assert np.array_equal(table.inputs, REFORMER.table.inputs)
    assert not np.array_equal(table.inputs, reformer_table(seed=1).inputs)


def test_the_rows_fill_next_to_nothing_of_their_box():
    table = reformer_table()
    bypass, ratio, steam = table.inputs.T
    off = np.abs(steam / (1.2 * (1 - bypass) * ratio) - 1)
    assert 0.005 < off.mean() < off.max() <= 0.03 + 1e-12
    b, r, s = table.box.sample(10_000, np.random.default_rng(0)).T
    assert (np.abs(s / (1.2 * (1 - b) * r) - 1) < off.max()).mean() < 0.06


def test_the_outputs_are_fractions_that_go_together():
    h2, n2, co, ch4 = reformer_table().outputs.T
    assert (np.stack([h2, n2, co, ch4]) > 0).all()
    assert (h2 + n2 + co + ch4 < 1).all()
    assert np.corrcoef(h2, n2)[0, 1] > 0.9 > -0.9 > np.corrcoef(h2, ch4)[0, 1]


def test_the_limit_on_nitrogen_binds_within_the_data():
    n2 = reformer_table().outputs[:, 1]
    assert 0.1 < (n2 > 0.34).mean() < 0.9


def test_over_the_box_the_optimum_is_far_from_all_rows():
    (network,) = networks_for(REFORMER)
    built = REFORMER.build(network, validity="box")
    assert solve(built.model).status == "optimal"
    y = network(np.array([[v.value for v in built.model.x.values()]]))[0]
    assert y[1] <= 0.34 + 1e-6
    x = np.array([v.value for v in built.model.x.values()])
    scale = np.ptp(REFORMER.table.inputs, axis=0)
    nearest = (np.abs(REFORMER.table.inputs - x) / scale).max(axis=1).min()
    assert nearest > 0.1
    assert REFORMER.evaluate(built).claimed == pytest.approx(y[0], abs=1e-6)
