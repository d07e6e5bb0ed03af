"""`LeastSquares`: the loss of one layout on one set of samples, its gradient and its curvature.

    F(v) = sum_i w_i |net_v(x_i) - y_i|^2 / n,     gradient 2 g,   g = sum_i w_i J_i^T r_i / n
                                                   curvature 2 H,  H = sum_i w_i J_i^T J_i / n

with the residual r_i (m,) and the Jacobian J_i (m, P) of the outputs with respect to the parameters
(Gauss and Newton). H is nearly all of the work of second-order training, and two things make it
cheap:

*Rows of one linear region collapse.* Within a linear region the activation pattern is fixed, so the
Jacobian is an affine function of x, and d + 1 virtual points say what all samples of the region
say: with the Cholesky factor L L^T = sum_i w_i (1, x_i)(1, x_i)^T they are the columns of L, read
as homogeneous points (c, x). A net of 24 neurons has a few hundred regions in the plane, so 10,000
samples cost as much as some 600. Where that saves nothing, as with many inputs, samples stay rows.

*Float32 for H, float64 for F and g.* An error in H bends the step, never the point it leads to, and
the damping is above it. Products J^T J are symmetric rank-k updates, which numpy passes to BLAS as
such: half the work. To measure again: `benchmarks/training.py --curvature`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from surrogate.box import FloatArray
from surrogate.training.parameters import activations, split

MAX_INPUTS_TO_COLLAPSE = 4
_CHUNK = 400_000  # numbers in one piece of a Jacobian: it stays in the cache

Float32Array = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Point:
    """A parameter vector with what the forward pass gave: activations, residual (n, m), loss."""

    vector: FloatArray
    activations: list[FloatArray]
    residual: FloatArray
    loss: float


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """F for layer sizes `sizes` on inputs x (n, d), outputs y (n, m), and weights (n,) or None."""

    sizes: tuple[int, ...]
    x: FloatArray
    y: FloatArray
    weights: FloatArray | None = None

    def at(self, vector: FloatArray) -> Point:
        """The forward pass and F at a parameter vector; infinite where the pass overflows."""
        with np.errstate(over="ignore", invalid="ignore"):
            found = activations(vector, self.sizes, self.x)
            residual = found[-1] - self.y
            squares = np.einsum("ij,ij->i", residual, residual)
            loss = float((squares if self.weights is None else squares * self.weights).mean())
        return Point(vector, found, residual, loss if np.isfinite(loss) else np.inf)

    def gradient(self, point: Point) -> FloatArray:
        """g, shape (P,)."""
        layers = split(point.vector, self.sizes)
        back = point.residual / len(self.x)
        if self.weights is not None:
            back = back * self.weights[:, None]
        parts: list[FloatArray] = []
        for k in range(len(layers) - 1, -1, -1):
            h = point.activations[k]
            parts[:0] = [(h.T @ back).ravel(), back.sum(axis=0)]
            if k:
                back = (back @ layers[k][0].T) * (h > 0.0)
        return np.concatenate(parts)

    def curvature(self, point: Point) -> FloatArray:
        """H, shape (P, P), as float64 with float32's precision."""
        rows, masks = self._rows(point)
        layers = [
            (w.astype(np.float32), b.astype(np.float32)) for w, b in split(point.vector, self.sizes)
        ]
        columns = _columns(self.sizes)
        products = np.zeros((*columns.shape, columns.shape[1]), dtype=np.float32)
        step = max(64, _CHUNK // columns.shape[1])
        for start in range(0, len(rows), step):
            piece = slice(start, start + step)
            jacobians = _jacobians(layers, rows[piece], [mask[piece] for mask in masks])
            for product, jacobian in zip(products, jacobians, strict=True):
                product += jacobian.T @ jacobian
        total = np.zeros((len(point.vector), len(point.vector)))
        for column, product in zip(columns, products, strict=True):
            total[np.ix_(column, column)] += product
        return total / len(self.x)

    @cached_property
    def _homogeneous(self) -> FloatArray:
        """(1, x) per sample, shape (n, d + 1)."""
        return np.hstack([np.ones((len(self.x), 1)), self.x])

    @cached_property
    def _moments(self) -> FloatArray:
        """The upper triangle of w (1, x)(1, x)^T per sample."""
        i, j = np.triu_indices(self.x.shape[1] + 1)
        products: FloatArray = self._homogeneous[:, i] * self._homogeneous[:, j]
        return products if self.weights is None else products * self.weights[:, None]

    def _rows(self, point: Point) -> tuple[Float32Array, list[Mask]]:
        """Homogeneous points and the masks of the hidden neurons there."""
        hidden = point.activations[1:-1]
        if hidden and self.x.shape[1] <= MAX_INPUTS_TO_COLLAPSE:
            order, start = _regions(hidden)
            if len(start) * (self.x.shape[1] + 1) < 0.9 * len(self.x):
                rows = self._virtual_points(order, start)
                first = np.repeat(order[start], self.x.shape[1] + 1)
                return rows.astype(np.float32), [h[first] > 0.0 for h in hidden]
        rows = self._homogeneous
        if self.weights is not None:
            rows = rows * np.sqrt(self.weights)[:, None]
        return rows.astype(np.float32), [h > 0.0 for h in hidden]

    def _virtual_points(
        self, order: npt.NDArray[np.intp], start: npt.NDArray[np.intp]
    ) -> FloatArray:
        """d + 1 per region: the columns of the Cholesky factor of its moments."""
        size = self.x.shape[1] + 1
        i, j = np.triu_indices(size)
        sums = np.add.reduceat(self._moments[order], start, axis=0)
        moments = np.zeros((len(start), size, size))
        moments[:, i, j] = moments[:, j, i] = sums
        # A region of few samples has moments of low rank, which no Cholesky factor takes as it is.
        small = 1e-12 * np.trace(moments, axis1=1, axis2=2) + 1e-300
        factors = np.linalg.cholesky(moments + small[:, None, None] * np.eye(size))
        return factors.transpose(0, 2, 1).reshape(-1, size)


def _regions(hidden: Sequence[FloatArray]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """An order of the samples by activation pattern, and where each pattern starts in it.

    Patterns are told apart by a random sum of their neurons; were two alike by chance, H would be a
    little off, and the step a little worse.
    """
    pattern = np.hstack(hidden) > 0.0
    code = pattern @ np.random.default_rng(0).normal(size=pattern.shape[1])
    order = np.argsort(code, kind="stable")
    return order, np.flatnonzero(np.diff(code[order], prepend=np.inf))


def _columns(sizes: Sequence[int]) -> npt.NDArray[np.intp]:
    """The parameters that each output depends on, shape (m, hidden parameters + w_K-1 + 1).

    An output has its own weights and bias in the last layer: H has blocks of zeros between them.
    """
    below, outputs = sizes[-2], sizes[-1]
    hidden = sum((a + 1) * b for a, b in pairwise(sizes[:-1]))
    own = hidden + np.arange(outputs)[:, None] + outputs * np.arange(below + 1)
    return np.hstack([np.tile(np.arange(hidden), (outputs, 1)), own])


def _jacobians(
    layers: Sequence[tuple[Float32Array, Float32Array]], rows: Float32Array, masks: Sequence[Mask]
) -> Iterator[Float32Array]:
    """At homogeneous points (c, x), for each output: its derivatives by its `_columns`."""
    scale, h = rows[:, :1], rows[:, 1:]
    below = [h]
    for (w, b), mask in zip(layers[:-1], masks, strict=True):
        below.append((below[-1] @ w + scale * b) * mask)
    last = layers[-1][0]
    for output in range(last.shape[1]):
        parts = [below[-1], scale]
        back = last[:, output]
        for k in range(len(layers) - 2, -1, -1):
            back = back * masks[k]
            outer = below[k][:, :, None] * back[:, None, :]
            parts[:0] = [outer.reshape(len(rows), -1), back * scale]
            if k:
                back = back @ layers[k][0].T
        yield np.hstack(parts)
