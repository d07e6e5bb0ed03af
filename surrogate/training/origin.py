"""The origin's recipe: Keras defaults, first-order, as the published experiment trained its nets.

Dense layers with ReLU, Glorot-uniform weights, zero biases, one linear output layer, Adam (learning
rate 1e-3, epsilon 1e-7), batches of 32 in a fresh random order every epoch (the last batch is
smaller), 100 epochs, loss mean absolute error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from surrogate.box import Box, FloatArray
from surrogate.datasets import Dataset, Scaling
from surrogate.layouts import layout_widths
from surrogate.training.adam import KerasAdam
from surrogate.training.arithmetic import small_tensor_arithmetic
from surrogate.training.initialisation import glorot_uniform, restart_rng
from surrogate.training.restarts import MaeStep, RestartBatch
from surrogate.training.trained import Trained

BATCH_SIZE = 32


def train_origin(
    data: Dataset,
    layout: str,
    *,
    box: Box,
    output_range: Box,
    restarts: Sequence[int],
    epochs: int = 100,
    seed: int = 0,
    on_epoch: Callable[[int], None] = lambda _: None,
) -> list[Trained]:
    """Train the named `restarts` of `layout` as one batch; one `Trained` each, in their order.

    Inputs are scaled from `box`, outputs from `output_range`, to [-1, 1] for training, and the
    scaling is folded into the networks. A restart depends on (seed, layout, restart) and not on
    its companions in the batch, up to float32 rounding. `on_epoch(n)` is told of every epoch done.
    """
    scaling = Scaling(box, output_range)
    unit = scaling.to_unit(data)
    sizes = (data.inputs.shape[1], *layout_widths(layout), data.outputs.shape[1])
    rngs = [restart_rng(seed, sizes, restart) for restart in restarts]
    nets = RestartBatch(sizes, [glorot_uniform(sizes, rng) for rng in rngs])
    with small_tensor_arithmetic():
        curves = _fit(nets, unit, rngs, epochs, on_epoch)
    return [
        Trained(scaling.fold(nets.network(i)), restart, curves[i])
        for i, restart in enumerate(restarts)
    ]


def _fit(
    nets: RestartBatch,
    unit: Dataset,
    rngs: Sequence[np.random.Generator],
    epochs: int,
    on_epoch: Callable[[int], None],
) -> FloatArray:
    """Run the epochs in place; returns the training loss, shape (restarts, epochs)."""
    inputs = torch.tensor(unit.inputs, dtype=torch.float32)
    outputs = torch.tensor(unit.outputs, dtype=torch.float32)
    samples = len(inputs)
    optimiser = KerasAdam(nets.parameters, nets.gradients)
    full, rest = min(BATCH_SIZE, samples), samples % BATCH_SIZE
    steps = {rows: MaeStep(nets, rows) for rows in {full, rest or full}}
    curves = np.empty((nets.restarts, epochs))
    for epoch in range(epochs):
        order = torch.from_numpy(np.stack([rng.permutation(samples) for rng in rngs]))
        x_batches, y_batches = _batches(inputs[order]), _batches(outputs[order])
        errors = [torch.empty_like(y) for y in y_batches]
        for x, y, error in zip(x_batches, y_batches, errors, strict=True):
            steps[x.shape[1]](x, y, error)
            optimiser.step()
        curves[:, epoch] = torch.cat(errors, dim=1).abs().mean(dim=(1, 2)).numpy()
        on_epoch(epoch + 1)
    return curves


def _batches(shuffled: torch.Tensor) -> list[torch.Tensor]:
    """(R, n, c) cut along the samples into contiguous batches, the last one smaller if need be."""
    return [batch.contiguous() for batch in shuffled.split(BATCH_SIZE, dim=1)]
