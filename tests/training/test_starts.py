"""What every start promises, and what each of them promises beyond that."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from surrogate.layouts import layout_widths
from surrogate.training import folding
from surrogate.training.folding import folding_start
from surrogate.training.gauss_newton import LeastSquares
from surrogate.training.parameters import split
from surrogate.training.starts import STARTS, asymmetric_start, hyperplane_start, mixed_start

LAYOUTS = ("1x1", "1x24", "3x8", "8x3", "24x1", "12-8-4", "linear")


def samples(d, m, n=150, seed=0):
    rng = np.random.default_rng([seed, d, m])
    x = rng.uniform(-1, 1, (n, d))
    return x, np.sin(3.0 * x @ rng.normal(size=(d, m)))


def sizes_of(layout, d, m):
    return (d, *layout_widths(layout), m)


def hidden(start, sizes, x, y, seed=0):
    """The activations of the hidden layers at the start."""
    vector = start(sizes, x, y, np.random.default_rng(seed))
    return LeastSquares(sizes, x, y).at(vector).activations[1:-1]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", STARTS)
def test_every_start_for_every_shape(name, layout):
    for d in range(1, 7):
        for m in range(1, 4):
            sizes, (x, y) = sizes_of(layout, d, m), samples(d, m)
            given = x.copy(), y.copy()
            vector, again, other = (
                STARTS[name](sizes, x, y, np.random.default_rng(seed)) for seed in (d, d, d + 1)
            )
            assert vector.shape == (sum((a + 1) * b for a, b in pairwise(sizes)),)
            assert vector.dtype == np.float64
            assert np.isfinite(LeastSquares(sizes, x, y).at(vector).loss)
            assert np.array_equal(vector, again)
            if layout != "linear":  # where folding fits all there is
                assert not np.array_equal(vector, other)
            assert np.array_equal(x, given[0])
            assert np.array_equal(y, given[1])


@pytest.mark.parametrize("layout", ["1x24", "3x8", "24x1"])
@pytest.mark.parametrize("name", STARTS)
def test_few_samples_and_a_constant_input_are_no_obstacle(name, layout):
    sizes = sizes_of(layout, 3, 1)
    x, y = samples(3, 1)
    flat = x * [1.0, 0.0, 1.0]
    for inputs, n in ((x, 1), (x, 2), (flat, 100)):
        for seed in range(5):
            vector = STARTS[name](sizes, inputs[:n], y[:n], np.random.default_rng(seed))
            assert np.isfinite(LeastSquares(sizes, inputs, y).at(vector).loss)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_hyperplanes_go_through_samples_and_no_neuron_is_dead(layout):
    for d in (1, 2, 6):
        sizes, (x, y) = sizes_of(layout, d, 1), samples(d, 1)
        for seed in range(5):
            vector = hyperplane_start(sizes, x, y, np.random.default_rng(seed))
            found = LeastSquares(sizes, x, y).at(vector).activations
            layers = split(vector, sizes)
            for (w, b), below, h in zip(layers[:-1], found[:-2], found[1:-1], strict=True):
                z = below @ w + b
                assert (np.abs(z).min(axis=0) < 1e-9).all()
                assert (h.max(axis=0) > 1e-9).all()


def test_pre_activations_of_hyperplanes_have_deviation_one_unless_they_hardly_vary():
    x, y = samples(2, 1)
    w, b = split(hyperplane_start((2, 24, 1), x, y, np.random.default_rng(0)), (2, 24, 1))[0]
    deviation = (x @ w + b).std(axis=0)
    assert np.median(deviation) == pytest.approx(1.0)
    assert deviation.max() < 1.0 + 1e-9


@pytest.mark.parametrize("start", [hyperplane_start, asymmetric_start])
def test_outputs_start_near_their_means(start):
    sizes, (x, y) = (2, 8, 3), samples(2, 3)
    far = np.array([5.0, -7.0, 9.0])
    vector = start(sizes, x, y + far, np.random.default_rng(0))
    assert vector[-3:] == pytest.approx(y.mean(axis=0) + far)
    assert np.abs(split(vector, sizes)[-1][0]).max() < 0.5


def test_asymmetric_neurons_have_one_beta_among_normals():
    sizes, (x, y) = (3, 4000, 1), samples(3, 1)
    w, b = split(asymmetric_start(sizes, x, y, np.random.default_rng(0)), sizes)[0]
    v = np.vstack([w, b])  # a neuron per column
    # Replay the draws: normals, then which entry, then the Betas.
    rng = np.random.default_rng(0)
    normal = rng.normal(size=v.shape) * 0.6007 / np.sqrt(3)
    differs = v != normal
    assert (differs.sum(axis=0) == 1).all()
    beta = v[differs]
    assert (beta > 0).all()
    assert stats.kstest(beta, stats.beta(2, 1).cdf).pvalue > 0.01
    where = np.bincount(np.argmax(differs, axis=0), minlength=4)
    assert stats.chisquare(where).pvalue > 0.01  # weights and bias alike
    assert stats.kstest(v[~differs], stats.norm(scale=0.6007 / np.sqrt(3)).cdf).pvalue > 0.01


def test_asymmetric_nets_are_born_dead_less_often_than_symmetric_ones():
    # Lu et al., figure 5: the reason for the asymmetry
    sizes, (x, y) = (1, *(2,) * 10, 1), samples(1, 1)
    dead = symmetric_dead = 0
    for seed in range(100):
        last = hidden(asymmetric_start, sizes, x, y, seed)[-1]
        dead += not np.ptp(last, axis=0).any()
        h, rng = x, np.random.default_rng(seed)
        for fan_in, fan_out in pairwise(sizes[:-1]):
            h = np.maximum(h @ rng.normal(size=(fan_in, fan_out)) * np.sqrt(2 / fan_in), 0.0)
        symmetric_dead += not np.ptp(h, axis=0).any()
    assert dead < 0.5 * symmetric_dead


def test_the_mixed_start_is_one_of_two():
    sizes, (x, y) = (2, 6, 1), samples(2, 1)
    folds = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        first = rng.random()
        chosen = folding_start if first < 0.75 else hyperplane_start
        expected = chosen(sizes, x, y, rng)
        assert np.array_equal(mixed_start(sizes, x, y, np.random.default_rng(seed)), expected)
        folds += first < 0.75
    assert 30 < folds < 58


@pytest.mark.parametrize("p", [1, 2, 3, 8, 24])
def test_the_zigzag_is_the_triangle_wave(p):
    sign, at, fold = folding.zigzag(p)
    pieces = 64  # per period of the wave, so that every kink is a point of the grid
    k = np.arange(p * pieces + 1)
    t = k / (p * pieces)
    up = k % (2 * pieces)
    triangle = np.minimum(up, 2 * pieces - up) / pieces  # 0 to 1 and back, p pieces on [0, 1]
    folded = np.maximum(sign * (t[:, None] - at), 0.0) @ fold
    assert folded == pytest.approx(triangle, abs=1e-12 * p**2)


@pytest.mark.parametrize("p", [1, 2, 3, 8])
def test_neurons_bent_outward_lie_evenly_and_face_their_side(p):
    sign, at, fold = folding.bent_outward(p)
    assert np.diff(at) == pytest.approx(1 / p)
    assert at.mean() == pytest.approx(0.5)
    assert np.array_equal(sign, np.where(at < 0.5, -1.0, 1.0))
    assert np.array_equal(sign, fold)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_folding_multiplies_the_pieces(depth, monkeypatch):
    # d = 1: 4 neurons fold [-1, 1] four times, and what follows resolves each fold. One neuron of
    # the layers above may carry the prediction, which leaves 3. A zigzag of p has p - 1 kinks
    # inside, and p where it bends outward.
    monkeypatch.setattr(folding, "_JITTER", 0.0)
    x = np.linspace(-1, 1, 20001)[:, None]
    y = np.sin(5 * x)
    sizes = (1, *(4,) * depth, 1)
    few, many = 4, 5
    for _ in range(depth - 1):
        few, many = few * 3, many * 5
    for seed in range(10):
        layers = hidden_with_all_samples(sizes, x, y, seed)
        pattern = np.hstack(layers) > 1e-9
        pieces = 1 + (pattern[1:] != pattern[:-1]).any(axis=1).sum()
        assert few <= pieces <= many
        if depth == 3:
            assert pieces > 1 + 2 * 12  # random layers: about one piece per neuron


def hidden_with_all_samples(sizes, x, y, seed):
    """As `hidden`, where the start sees every tenth sample: both ends are among them."""
    vector = folding_start(sizes, x[::20], y[::20], np.random.default_rng(seed))
    return LeastSquares(sizes, x, y).at(vector).activations[1:-1]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_folding_start_is_no_worse_than_the_mean(layout, monkeypatch):
    # its last layer is fitted, by least squares; the jitter comes after
    monkeypatch.setattr(folding, "_JITTER", 0.0)
    for d, m in ((1, 1), (2, 1), (3, 2), (6, 3)):
        sizes, (x, y) = sizes_of(layout, d, m), samples(d, m)
        mean = ((y - y.mean(axis=0)) ** 2).sum(axis=1).mean()
        for seed in range(4):
            vector = folding_start(sizes, x, y, np.random.default_rng(seed))
            assert LeastSquares(sizes, x, y).at(vector).loss <= mean * (1 + 1e-9)


@pytest.mark.parametrize("layout", ["1x4", "2x3", "24x1", "12-8-4"])
def test_without_jitter_folding_kills_no_neuron(layout, monkeypatch):
    monkeypatch.setattr(folding, "_JITTER", 0.0)
    for d in (1, 2, 4):
        sizes, (x, y) = sizes_of(layout, d, 1), samples(d, 1)
        for seed in range(5):
            for h in hidden(folding_start, sizes, x, y, seed):
                assert h.any(axis=0).all()


def test_the_directions_are_the_axes_of_the_curvature():
    # y = 5 u^2 - 2 v^2 with orthonormal u and v at 30 degrees; both are found, u first
    x, _ = samples(2, 1)
    axes = np.array([[np.sqrt(3), -1.0], [1.0, np.sqrt(3)]]) / 2
    target = (x @ axes) ** 2 @ [5.0, -2.0] + x @ [1.0, 2.0] + 3.0
    seen = 0
    for seed in range(20):
        found = folding._directions(x, target, 2, np.random.default_rng(seed))
        assert found.T @ found == pytest.approx(np.eye(2))
        cosines = np.abs(np.sum(found * axes, axis=0))
        seen += bool(np.allclose(cosines, 1.0))
    assert 5 <= seen <= 15  # else they are drawn by lot, one time in two


@pytest.mark.parametrize(("neurons", "channels"), [(1, 1), (8, 3), (5, 5), (24, 2)])
def test_every_channel_has_its_share_of_the_neurons(neurons, channels):
    for seed in range(20):
        shares = folding.shares(neurons, channels, np.random.default_rng(seed))
        assert len(shares) == channels
        assert sum(shares) == neurons
        assert min(shares) >= 1
