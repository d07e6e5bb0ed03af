"""`RestartBatch`: R networks of one layout as one batch, with hand-written gradients.

Every tensor has the restart as its first axis, so one `baddbmm` serves all restarts. All parameters
live in one flat buffer and all gradients in another: the optimiser's step is a handful of
operations, whatever the depth. Nothing is allocated and no autograd graph is built inside a step;
on nets this small that bookkeeping, not arithmetic, is what a training step costs
(`benchmarks/restarts.py` measures it).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch

from surrogate.box import FloatArray
from surrogate.network import Network

Layer = tuple[torch.Tensor, torch.Tensor]


class RestartBatch:
    """Parameters and gradients of R networks with layer sizes `sizes` (inputs first).

    parameters, gradients    flat float32 tensors of one length
    layers, layer_gradients  views into them, per layer: weights (R, fan_in, fan_out) and biases
                             (R, 1, fan_out)
    """

    def __init__(self, sizes: Sequence[int], weights: Sequence[Sequence[FloatArray]]) -> None:
        """Start from `weights[r][k]`, of shape (fan_in, fan_out) in restart r, and zero biases."""
        self.sizes = tuple(sizes)
        self.restarts = len(weights)
        shapes = list(pairwise(sizes))
        length = self.restarts * sum(a * b + b for a, b in shapes)
        self.parameters = torch.zeros(length)
        self.gradients = torch.zeros(length)
        self.layers = _views(self.parameters, shapes, self.restarts)
        self.layer_gradients = _views(self.gradients, shapes, self.restarts)
        for k, (w, _) in enumerate(self.layers):
            w.copy_(torch.from_numpy(np.stack([restart[k] for restart in weights])))

    def network(self, restart: int) -> Network:
        """One restart as a `Network`, in the coordinates that it was trained in."""
        return Network(
            tuple(w[restart].double().numpy() for w, _ in self.layers),
            tuple(b[restart, 0].double().numpy() for _, b in self.layers),
        )


def _views(flat: torch.Tensor, shapes: Sequence[tuple[int, int]], restarts: int) -> list[Layer]:
    views, start = [], 0
    for fan_in, fan_out in shapes:
        end = start + restarts * fan_in * fan_out
        w = flat[start:end].view(restarts, fan_in, fan_out)
        start, end = end, end + restarts * fan_out
        views.append((w, flat[start:end].view(restarts, 1, fan_out)))
        start = end
    return views


class MaeStep:
    """Mean absolute error and its gradients for batches of `rows` samples, in buffers of its own.

    With e = h_K - y of shape (R, rows, m), the loss of one restart is mean |e|, and
    d loss / d h_K = sign(e) / (rows m), sign(0) = 0, as in Keras.
    """

    def __init__(self, nets: RestartBatch, rows: int) -> None:
        """Allocate every activation and gradient that a step on `rows` samples needs."""
        r, sizes = nets.restarts, nets.sizes
        self._hidden = [torch.empty(r, rows, width) for width in sizes[1:]]
        self._back = [torch.empty(r, rows, width) for width in sizes[1:]]
        self._hidden_t = [h.transpose(1, 2) for h in self._hidden]
        self._weights_t = [w.transpose(1, 2) for w, _ in nets.layers]
        self._nets = nets
        self._scale = 1 / (rows * sizes[-1])

    def __call__(self, x: torch.Tensor, y: torch.Tensor, error: torch.Tensor) -> None:
        """Fill the gradients at inputs `x` (R, rows, d), outputs `y`; write e into `error`."""
        nets, last = self._nets, len(self._hidden) - 1
        below = x
        for k, (w, b) in enumerate(nets.layers):
            h = self._hidden[k]
            torch.baddbmm(b, below, w, out=h)
            below = h.clamp_min_(0) if k < last else h
        torch.sub(below, y, out=error)
        grad = torch.sign(error, out=self._back[last]).mul_(self._scale)
        for k in range(last, -1, -1):
            grad_w, grad_b = nets.layer_gradients[k]
            below_t = self._hidden_t[k - 1] if k else x.transpose(1, 2)
            torch.bmm(below_t, grad, out=grad_w)
            torch.sum(grad, 1, keepdim=True, out=grad_b)
            if k:
                below_grad = self._back[k - 1]
                torch.bmm(grad, self._weights_t[k], out=below_grad)
                torch.ops.aten.threshold_backward.grad_input(
                    below_grad, self._hidden[k - 1], 0, grad_input=below_grad
                )
                grad = below_grad
