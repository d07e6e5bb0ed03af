"""The origin's recipe against autograd and a textbook Adam, and alone against in company."""

import math

import numpy as np
import pytest
import torch

from surrogate.box import Box
from surrogate.datasets import Dataset
from surrogate.functions import FUNCTIONS
from surrogate.layouts import layout_widths
from surrogate.training.adam import KerasAdam
from surrogate.training.initialisation import glorot_uniform, restart_rng
from surrogate.training.origin import train_origin
from surrogate.training.restarts import MaeStep, RestartBatch

XY = FUNCTIONS["xy"]


def train(layout, restarts, *, samples=200, epochs=3, seed=0, **more):
    data = Dataset.sample(XY, samples, np.random.default_rng(7))
    more |= {} if epochs is None else {"epochs": epochs}
    return train_origin(
        data,
        layout,
        box=XY.box,
        output_range=XY.range,
        restarts=restarts,
        seed=seed,
        **more,
    )


def parameters(trained):
    arrays = (*trained.network.weights, *trained.network.biases)
    return np.concatenate([a.ravel() for a in arrays])


def keras_reference(layout, restart, *, samples, epochs, seed=0):
    """The recipe once more, with autograd, float64 and the formulas of the Keras documentation."""
    data = Dataset.sample(XY, samples, np.random.default_rng(7))
    sizes = (2, *layout_widths(layout), 1)
    rng = restart_rng(seed, sizes, restart)
    weights = [torch.tensor(w, requires_grad=True) for w in glorot_uniform(sizes, rng)]
    biases = [torch.zeros(n, dtype=torch.float64, requires_grad=True) for n in sizes[1:]]
    slots = [(torch.zeros_like(p), torch.zeros_like(p)) for p in (*weights, *biases)]
    x_all, y_all = torch.tensor(data.inputs), torch.tensor(data.outputs)
    step, curve = 0, []
    for _ in range(epochs):
        order, total = torch.from_numpy(rng.permutation(samples)), 0.0
        for rows in order.split(32):
            h = x_all[rows]
            for k, (w, b) in enumerate(zip(weights, biases, strict=True)):
                h = h @ w + b
                h = torch.relu(h) if k < len(weights) - 1 else h
            loss = (h - y_all[rows]).abs().mean()
            total += loss.item() * len(rows)
            gradients = torch.autograd.grad(loss, (*weights, *biases))
            step += 1
            rate = 1e-3 * math.sqrt(1 - 0.999**step) / (1 - 0.9**step)
            with torch.no_grad():
                for p, g, (m, v) in zip((*weights, *biases), gradients, slots, strict=True):
                    m += 0.1 * (g - m)
                    v += 0.001 * (g * g - v)
                    p -= rate * m / (v.sqrt() + 1e-7)
        curve.append(total / samples)
    flat = np.concatenate([p.detach().numpy().ravel() for p in (*weights, *biases)])
    return flat, np.array(curve)


@pytest.mark.parametrize("layout", ["1x24", "3x8", "8x3", "5-3"])
def test_every_restart_follows_the_reference_recipe(layout):
    # 200 = 6 * 32 + 8: the last, smaller batch is part of the recipe
    for one in train(layout, range(3)):
        flat, curve = keras_reference(layout, one.restart, samples=200, epochs=3)
        assert parameters(one) == pytest.approx(flat, abs=2e-5)
        assert one.curve == pytest.approx(curve, abs=2e-6)


@pytest.mark.parametrize("layout", ["1x24", "3x8", "24x1"])
def test_a_restart_trained_alone_equals_itself_in_a_batch_of_ten(layout):
    together = train(layout, range(10))
    for restart in (0, 4, 9):
        (alone,) = train(layout, [restart])
        assert alone.restart == restart
        assert parameters(alone) == pytest.approx(parameters(together[restart]), abs=1e-6)
        assert alone.curve == pytest.approx(together[restart].curve, abs=1e-6)


def test_layouts_of_one_seed_start_differently():
    narrow, wide = (glorot_uniform(s, restart_rng(0, s, 0)) for s in ((2, 4, 1), (2, 4, 4, 1)))
    assert not np.allclose(narrow[0], wide[0])


def test_the_recipe_has_a_hundred_epochs():
    (one,) = train("1x1", [0], samples=1, epochs=None)
    assert len(one.curve) == 100


def test_restarts_and_seeds_differ():
    first, second = train("2x3", range(2), epochs=1)
    (other_seed,) = train("2x3", [0], epochs=1, seed=1)
    assert not np.allclose(parameters(first), parameters(second))
    assert not np.allclose(parameters(first), parameters(other_seed))


def test_the_same_call_gives_the_same_bits():
    first, again = train("3x8", range(4)), train("3x8", range(4))
    for a, b in zip(first, again, strict=True):
        assert a.network.content_hash == b.network.content_hash
        assert np.array_equal(a.curve, b.curve)


@pytest.mark.parametrize("flushed", [False, True])
def test_the_callers_arithmetic_is_left_as_it_was(flushed):
    threads = torch.get_num_threads()
    torch.set_num_threads(threads + 1)
    torch.set_flush_denormal(flushed)
    inside = []

    def look(_):
        inside.append((torch.get_num_threads(), np.float32(1e-40) * np.float32(1.0)))

    try:
        train("1x2", [0], epochs=1, on_epoch=look)
        assert inside == [(1, 0.0)]
        assert (np.float32(1e-40) * np.float32(1.0) == 0.0) == flushed
        with pytest.raises(InterruptedError):
            train("1x2", [0], on_epoch=_interrupt)
        assert (np.float32(1e-40) * np.float32(1.0) == 0.0) == flushed
        assert torch.get_num_threads() == threads + 1
    finally:
        torch.set_num_threads(threads)
        torch.set_flush_denormal(False)


def _interrupt(_):
    raise InterruptedError


def test_training_learns():
    best = min(one.curve[-1] for one in train("1x24", range(5), samples=2000, epochs=30))
    assert best < 0.03  # a constant has 0.25


def test_epochs_are_reported_one_by_one():
    seen = []
    train("1x4", [0], epochs=4, on_epoch=seen.append)
    assert seen == [1, 2, 3, 4]


@pytest.mark.parametrize("samples", [1, 31, 32, 33, 64])
def test_any_number_of_samples_makes_batches(samples):
    (one,) = train("1x4", [0], samples=samples, epochs=2)
    flat, _ = keras_reference("1x4", 0, samples=samples, epochs=2)
    assert parameters(one) == pytest.approx(flat, abs=1e-5)


def test_networks_come_in_the_callers_units():
    peaks = FUNCTIONS["peaks"]
    data = Dataset.sample(peaks, 3000, np.random.default_rng(0))
    (one,) = train_origin(
        data, "1x24", box=peaks.box, output_range=peaks.range, restarts=[0], epochs=25
    )
    assert one.network.box == peaks.box
    error = np.abs(one.network(data.inputs) - data.outputs).mean()
    # the curve is in unit coordinates, where peaks has half its range as the unit
    radius = (peaks.range.upper[0] - peaks.range.lower[0]) / 2
    assert error == pytest.approx(one.curve[-1] * radius, rel=0.1)


def test_several_outputs_share_the_mean():
    rng = np.random.default_rng(0)
    sizes = (2, 4, 3)
    nets = RestartBatch(sizes, [glorot_uniform(sizes, rng) for _ in range(2)])
    x, y = torch.rand(2, 5, 2), torch.rand(2, 5, 3)
    MaeStep(nets, 5)(x, y, torch.empty(2, 5, 3))
    leaves = [(w.clone().requires_grad_(), b.clone().requires_grad_()) for w, b in nets.layers]
    h = torch.relu(x @ leaves[0][0] + leaves[0][1]) @ leaves[1][0] + leaves[1][1]
    (h - y).abs().mean(dim=(1, 2)).sum().backward()
    for (w, b), (grad_w, grad_b) in zip(leaves, nets.layer_gradients, strict=True):
        assert torch.allclose(w.grad, grad_w, atol=1e-7)
        assert torch.allclose(b.grad, grad_b, atol=1e-7)


def test_adam_adds_epsilon_before_the_bias_correction_as_keras_does():
    # One step from zero moments with a gradient of the size of epsilon, computed by hand:
    # m = 0.1 g, v = 0.001 g^2, rate = lr sqrt(0.001) / 0.1.
    parameter, gradient = torch.zeros(1), torch.full((1,), 1e-6)
    KerasAdam(parameter, gradient).step()
    expected = -1e-3 * math.sqrt(1e-3) / 0.1 * 1e-7 / (math.sqrt(1e-3) * 1e-6 + 1e-7)
    assert parameter.item() == pytest.approx(expected, rel=1e-4)
    torch_like = -1e-3 * 1e-6 / (1e-6 + 1e-7)
    assert abs(expected - torch_like) > 0.5 * abs(expected)


def test_glorot_limits():
    w1, w2 = glorot_uniform((2, 1000, 4), np.random.default_rng(0))
    for w, fans in ((w1, 1002), (w2, 1004)):
        limit = math.sqrt(6 / fans)
        assert 0.98 * limit < np.abs(w).max() <= limit
        assert abs(w.mean()) < 0.1 * limit


def test_a_point_interval_in_the_box_trains():
    data = Dataset(np.column_stack([np.linspace(0, 1, 40), np.ones(40)]), np.ones((40, 1)) * 3.0)
    (one,) = train_origin(
        data,
        "1x3",
        box=Box.of([(0, 1), (1, 1)]),
        output_range=Box.of([(3, 3)]),
        restarts=[0],
        epochs=2,
    )
    assert np.isfinite(one.network(data.inputs)).all()
