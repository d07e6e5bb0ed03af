"""Nets whose errors, values and regions are known in advance, taken through the whole tool."""

from functools import lru_cache

import numpy as np
import onnxruntime
import pyomo.environ as pyo
import pytest

import surrogate as sg
from surrogate.bounds import METHODS
from surrogate.encodings import ENCODINGS
from surrogate.functions import FUNCTIONS
from surrogate.limits import least_mae, least_max_error, least_rmse, most_regions
from surrogate.regions import enumerate_regions
from tests.encodings.models import embedded, extremes
from tests.handmade import FOLDS, handmade, parabolas

XY = FUNCTIONS["xy"]
every_layout = pytest.mark.parametrize("layout", FOLDS)

# MAE, RMSE and the largest error on the grid, and the linear regions.
REACHED = {
    "1x24": (1.72e-3, 2.44e-3, 2.56e-2, 129),
    "2x12": (2.18e-4, 2.71e-4, 6.67e-4, 871),
    "3x8": (7.49e-5, 9.43e-5, 2.27e-4, 2373),
    "4x6": (6.65e-5, 8.22e-5, 2.04e-4, 2814),
    "6x4": (1.53e-4, 1.93e-4, 4.68e-4, 1197),
    "8x3": (1.08e-3, 1.37e-3, 3.33e-3, 194),
}
BEFORE = {"1x24": 1.75e-3, "2x12": 2.3e-4, "3x8": 8.7e-5, "4x6": 9.5e-5}  # the blueprint's MAE


@lru_cache
def regions(layout):
    return enumerate_regions(handmade(layout))


@lru_cache
def errors(layout):
    """MAE, RMSE and the largest error, on the grid and on the box's border."""
    side = np.linspace(-1.0, 1.0, 2001)
    border = [np.stack([side, np.full_like(side, end)], axis=-1) for end in (-1.0, 1.0)]
    border += [points[:, ::-1] for points in border]
    net = handmade(layout)
    error = np.abs(net(XY.grid()) - XY(XY.grid()))
    edge = [np.abs(net(points) - XY(points)).max() for points in border]
    return error.mean(), np.sqrt((error**2).mean()), max(error.max(), *edge)


@every_layout
def test_the_layout_is_as_named(layout):
    net = handmade(layout)
    assert (net.layout, net.n_neurons, net.box) == (layout, 24, XY.box)


@every_layout
def test_the_errors_are_those_that_the_pieces_promise(layout):
    assert errors(layout) == pytest.approx(REACHED[layout][:3], rel=2e-2)
    assert errors(layout)[0] <= BEFORE.get(layout, np.inf)


@every_layout
def test_the_net_interpolates(layout):
    both = parabolas(layout)
    ends = [p.knots[np.abs(p.knots) <= p.reach] for p in both]
    s, r = (grid.ravel() for grid in np.meshgrid(*ends))
    inside = np.abs(s) + np.abs(r) <= 1
    x = np.stack([s + r, s - r], axis=-1)[inside]
    lowered = (both[0].h ** 2 - both[1].h ** 2) / 6
    assert len(x) > 80
    assert np.allclose(handmade(layout)(x), XY(x) - lowered, rtol=0, atol=1e-12)


@every_layout
def test_the_regions_are_the_grids_rectangles(layout):
    nearest = []
    for p in parabolas(layout):
        low, high = p.knots[:-1], p.knots[1:]
        nearest.append(np.maximum(0.0, np.maximum(low, -high)))  # to 0, on each piece
    in_the_square = np.add.outer(*nearest) < 1 - 1e-9
    assert len(regions(layout)) == in_the_square.sum() == REACHED[layout][3]


@every_layout
def test_no_limit_is_broken(layout):
    n = len(regions(layout))
    mae, rmse, largest = errors(layout)
    assert n <= most_regions(handmade(layout).widths, 2)
    assert mae >= least_mae(n)
    assert rmse >= least_rmse(n)
    assert largest >= least_max_error(n)


def test_the_limits_are_nearly_reached():
    n = len(regions("3x8"))
    limits = least_mae(n), least_rmse(n), least_max_error(n)
    assert errors("3x8") == pytest.approx(limits, rel=0.1)


@every_layout
def test_a_file_holds_the_same_net(layout, tmp_path):
    net, path = handmade(layout), tmp_path / "net.onnx"
    sg.save(net, path)
    assert sg.load(path) == net
    session = onnxruntime.InferenceSession(path.read_bytes())
    entry = session.get_inputs()[0]
    kind = {"tensor(float)": np.float32, "tensor(double)": np.float64}[entry.type]
    x = regions(layout).vertices.astype(kind)
    (theirs,) = session.run(None, {entry.name: x})
    assert np.allclose(theirs, net(x), rtol=0, atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
@every_layout
def test_bounds_hold_where_the_net_has_its_kinks(layout, method):
    net = handmade(layout)
    bounds = sg.compute_bounds(net, method=method)
    points = np.concatenate([regions(layout).vertices, XY.grid()[::10]])
    layers = net.preactivations(points)
    for a, lower, upper in zip(layers, bounds.lower, bounds.upper, strict=True):
        assert (a >= lower).all()
        assert (a <= upper).all()
    if method == "milp":  # exact but for its gap
        assert np.allclose(bounds.lower[-1], layers[-1].min(axis=0), rtol=0, atol=1e-4)
        assert np.allclose(bounds.upper[-1], layers[-1].max(axis=0), rtol=0, atol=1e-4)


@every_layout
def test_the_carry_is_known_to_be_active(layout):
    """Interval bounds do not see it; CROWN and all that is tighter does."""
    carries = sum(parabolas(layout)[0].carried)
    assert sg.compute_bounds(handmade(layout), method="crown").counts().active >= carries


@pytest.mark.parametrize("encoding", ENCODINGS)
@every_layout
def test_every_encoding_finds_the_extremes(layout, encoding):
    model, emb = embedded(handmade(layout), encoding)
    found, values = extremes(model), regions(layout).values
    assert np.allclose(found, [values.min(), values.max()], rtol=0, atol=1e-6)
    assert np.allclose(found, [-1, 1], rtol=0, atol=errors(layout)[2] + 1e-6)
    assert emb.audit().passed


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("layout", ["3x8", "8x3"])
def test_every_encoding_finds_a_minimum_among_the_folds(layout, encoding):
    """On x = y, xy - 0.6 x is smallest at 0.3; the net on this line has one input."""
    net = handmade(layout)
    along = net.weights[0].sum(axis=0, keepdims=True)
    line = sg.Network((along, *net.weights[1:]), net.biases, sg.Box.of([(-1, 1)]))
    pieces = enumerate_regions(line)
    model, emb = embedded(net, encoding)
    model.line = pyo.Constraint(expr=model.x[0] == model.x[1])
    model.objective.expr -= 0.6 * model.x[0]
    solution = sg.solve(model, rel_gap=0.0)
    best = (pieces.values - 0.6 * pieces.vertices).min()
    assert solution.objective == pytest.approx(best, abs=1e-6)
    assert best == pytest.approx(-0.09, abs=errors(layout)[2])
    assert emb.audit().passed
