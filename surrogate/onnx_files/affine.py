"""`AffineTensor`: what a tensor of the graph is, as an affine function of a flat source vector.

    t(s) = rows[0] + sum_i s_i rows[i],     rows of shape (1 + n_source, *shape of the tensor)

The source s is the network's input or the output of the last ReLU layer. Every linear operator
acts on all rows alike, a constant is added to row 0 only, and a ReLU closes a layer: rows[1:] are
its weights, rows[0] is its bias, and its output is the next source.

The batch counts as one point. When the file declares another batch size, or a symbolic one,
`batch` is the axis that holds it, and operations that would mix different points are refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from surrogate.box import FloatArray

LARGEST = 2**25
"""The most float64 values in one array (256 MB): a small file must not ask for all memory."""


class MisfitError(Exception):
    """An operation that is not affine in one source; the caller adds which node asked for it."""


@dataclass(frozen=True, eq=False)
class Layer:
    """max(0, s W + b) of the source s before it: W (fan_in, fan_out), b (fan_out,)."""

    before: Source
    weights: FloatArray
    bias: FloatArray


@dataclass(frozen=True, eq=False)
class Source:
    """A vector of `size` values: the network's input, or the output of a ReLU layer."""

    size: int
    layer: Layer | None = None

    def layers(self) -> list[Layer]:
        """The layers from the network's input to this source, first layer first."""
        chain, source = [], self
        while source.layer is not None:
            chain.append(source.layer)
            source = source.layer.before
        return chain[::-1]


@dataclass(frozen=True, eq=False)
class AffineTensor:
    """A tensor as rows over its source; see the module's docstring.

    Raises `MisfitError` when a coefficient is NaN or infinite, or the batch axis holds several
    points.
    """

    rows: FloatArray
    source: Source
    batch: int | None = None
    rectified: bool = False  # a ReLU's values, however arranged: a second ReLU changes nothing

    def __post_init__(self) -> None:
        """Check what every operation could break."""
        if self.batch is not None and self.shape[self.batch] != 1:
            raise MisfitError(
                f"mixes the points of a batch with each other or with features (shape "
                f"{self.shape}, batch axis {self.batch}); export the network with batch size 1"
            )
        if not np.isfinite(self.rows).all():
            raise MisfitError("gives NaN or infinite values; repair its constants or retrain")

    @classmethod
    def of(
        cls, source: Source, shape: Sequence[int], batch: int | None, rectified: bool = False
    ) -> AffineTensor:
        """The source itself, shaped: the identity map."""
        check_size(source.size * (source.size + 1))
        rows = np.eye(source.size + 1, source.size, k=-1)
        return cls(rows.reshape(-1, *shape), source, batch, rectified)

    @property
    def shape(self) -> tuple[int, ...]:
        """The tensor's shape, with a batch of one."""
        return self.rows.shape[1:]

    def plus(self, other: FloatArray | AffineTensor) -> AffineTensor:
        """The sum with a constant or with a tensor of the same source, broadcast as numpy does."""
        shape = _broadcast(self.shape, other.shape)
        if not isinstance(other, AffineTensor):
            rows = self._spread(shape).copy()
            rows[0] += other
            return AffineTensor(rows, self.source, self._batch_in(len(shape)))
        if other.source is not self.source:
            raise MisfitError(
                "joins two branches with a ReLU between them (a residual or skip connection); "
                "only a plain chain of layers is a feed-forward network, so retrain without it"
            )
        if self._batch_in(len(shape)) != other._batch_in(len(shape)):
            raise MisfitError("mixes the points of a batch; export the network with batch size 1")
        rows = self._spread(shape) + other._spread(shape)
        return AffineTensor(rows, self.source, self._batch_in(len(shape)))

    def times(self, factor: FloatArray) -> AffineTensor:
        """The product with a constant, element by element, broadcast as numpy does."""
        shape = _broadcast(self.shape, factor.shape)
        return AffineTensor(self._spread(shape) * factor, self.source, self._batch_in(len(shape)))

    def over(self, divisor: FloatArray) -> AffineTensor:
        """The quotient by a constant, element by element, broadcast as numpy does."""
        shape = _broadcast(self.shape, divisor.shape)
        return AffineTensor(self._spread(shape) / divisor, self.source, self._batch_in(len(shape)))

    def matmul(self, matrix: FloatArray) -> AffineTensor:
        """`self @ matrix`, with the ranks and the broadcasting of numpy's matmul."""
        if matrix.ndim == 1:
            return self.matmul(matrix[:, None]).squeeze([-1])
        if len(self.shape) == 1 and self.batch is None:
            return self.unsqueeze([0]).matmul(matrix).squeeze([-2])
        if len(self.shape) < 2 or matrix.ndim < 2 or self.shape[-1] != matrix.shape[-2]:
            raise MisfitError(
                f"multiplies shapes {self.shape} and {matrix.shape}, which do not fit"
            )
        if self._batch_in(0) == -1:
            raise MisfitError("sums over the points of a batch; export with batch size 1")
        outer = _broadcast(self.shape[:-2], matrix.shape[:-2])
        check_size(len(self.rows) * prod(outer) * self.shape[-2] * matrix.shape[-1])
        rows = self._spread((*outer, *self.shape[-2:])) @ matrix
        return AffineTensor(rows, self.source, self._batch_in(rows.ndim - 1))

    def matmul_left(self, matrix: FloatArray) -> AffineTensor:
        """`matrix @ self` = (self^T @ matrix^T)^T, the transposes on the last two axes."""
        if matrix.ndim == 1:
            return self.matmul_left(matrix[None, :]).squeeze([-2])
        if matrix.ndim == 0 or not self.shape:
            raise MisfitError(
                f"multiplies shapes {matrix.shape} and {self.shape}, which do not fit"
            )
        if len(self.shape) == 1:
            return self.matmul(np.swapaxes(matrix, -1, -2))
        return self._swapped().matmul(np.swapaxes(matrix, -1, -2))._swapped()

    def transpose(self, permutation: Sequence[int]) -> AffineTensor:
        """The tensor with its axes permuted, as numpy's transpose."""
        if sorted(permutation) != list(range(len(self.shape))):
            raise MisfitError(f"permutes the axes of shape {self.shape} by {list(permutation)}")
        rows = self.rows.transpose(0, *(axis + 1 for axis in permutation))
        batch = None if self.batch is None else list(permutation).index(self.batch)
        return AffineTensor(rows, self.source, batch, self.rectified)

    def squeeze(self, axes: Sequence[int] | None) -> AffineTensor:
        """Without the given axes of length 1; None: without every such axis but the batch."""
        rank = len(self.shape)
        if axes is None:
            axes = [a for a in range(rank) if self.shape[a] == 1 and a != self.batch]
        gone = {_axis(axis, rank) for axis in axes}
        if any(self.shape[axis] != 1 for axis in gone) or self.batch in gone:
            raise MisfitError(f"squeezes axes {sorted(gone)} of shape {self.shape}, not all single")
        return self._regrouped([axis for axis in range(rank) if axis not in gone])

    def unsqueeze(self, axes: Sequence[int]) -> AffineTensor:
        """With axes of length 1 inserted at the given places of the result."""
        rank = len(self.shape) + len(axes)
        new = {_axis(axis, rank) for axis in axes}
        if len(new) != len(axes):
            raise MisfitError(f"inserts an axis twice: {list(axes)}")
        old = iter(range(len(self.shape)))
        return self._regrouped([None if axis in new else next(old) for axis in range(rank)])

    def flatten(self, axis: int) -> AffineTensor:
        """As a matrix: the axes before `axis` are its rows, the others its columns."""
        rank = len(self.shape)
        if not -rank <= axis <= rank:
            raise MisfitError(f"flattens shape {self.shape} at axis {axis}")
        axis += rank if axis < 0 else 0
        groups = prod(self.shape[:axis]), prod(self.shape[axis:])
        batch = None if self.batch is None else int(self.batch >= axis)
        return AffineTensor(self.rows.reshape(-1, *groups), self.source, batch, self.rectified)

    def reshape(self, target: Sequence[int], copies_zeros: bool = True) -> AffineTensor:
        """With the shape `target`: -1 stands for what is left, 0 for the input's own dimension.

        A target written for another batch size, such as [2000, 5], counts as one for a batch of
        one as long as the batch axis stays apart from the features.
        """
        axis, rank = self.batch or 0, len(self.shape)
        copied = [copies_zeros and n == 0 and i < rank for i, n in enumerate(target)]
        wanted = [self.shape[i] if copied[i] else n for i, n in enumerate(target)]
        if self.batch is None and (shape := _resolved(wanted, prod(self.shape))) is not None:
            return AffineTensor(self.rows.reshape(-1, *shape), self.source, None, self.rectified)
        if self.shape[axis : axis + 1] == (1,) and target:
            # the batch stands where its axis is copied, else at -1, else it is written in front
            place = wanted.index(-1) if -1 in wanted and self.batch is not None else 0
            for at in [axis] if copied[axis : axis + 1] == [True] else [place, 0]:
                shape = _resolved([*wanted[:at], 1, *wanted[at + 1 :]], prod(self.shape))
                if shape and prod(shape[:at]) == prod(self.shape[:axis]):
                    batch = None if self.batch is None else at
                    rows = self.rows.reshape(-1, *shape)
                    return AffineTensor(rows, self.source, batch, self.rectified)
        raise MisfitError(
            f"reshapes {self.shape} to {list(target)}, which does not fit or mixes the batch with "
            "the features; export the network with batch size 1"
        )

    def relu(self) -> AffineTensor:
        """max(0, t): closes a layer; the result is the identity on its output, a new source."""
        if self.rectified:
            return self
        size = prod(self.shape)
        weights = self.rows[1:].reshape(self.source.size, size)
        source = Source(size, Layer(self.source, weights, self.rows[0].reshape(size)))
        return AffineTensor.of(source, self.shape, self.batch, rectified=True)

    def _spread(self, shape: tuple[int, ...]) -> FloatArray:
        """The rows, broadcast to tensors of `shape`."""
        check_size(len(self.rows) * prod(shape))
        ones = (1,) * (len(shape) - len(self.shape))
        rows = self.rows.reshape(len(self.rows), *ones, *self.shape)
        return np.broadcast_to(rows, (len(rows), *shape))

    def _batch_in(self, rank: int) -> int | None:
        """The batch axis in a tensor of `rank` axes whose last ones are this tensor's."""
        return None if self.batch is None else self.batch + rank - len(self.shape)

    def _swapped(self) -> AffineTensor:
        """The transpose of the last two axes."""
        *outer, a, b = range(len(self.shape))
        return self.transpose([*outer, b, a])

    def _regrouped(self, axes: Sequence[int | None]) -> AffineTensor:
        """The tensor with the named axes kept and an axis of length 1 for each None."""
        shape = [1 if axis is None else self.shape[axis] for axis in axes]
        batch = None if self.batch is None else list(axes).index(self.batch)
        return AffineTensor(self.rows.reshape(-1, *shape), self.source, batch, self.rectified)


def check_size(elements: int) -> None:
    """Refuse an array of more than `LARGEST` values before it is made."""
    if elements > LARGEST:
        raise MisfitError(
            f"needs an array of {elements} values, the limit is {LARGEST}; "
            "a network this wide cannot be embedded, so give it fewer inputs or neurons"
        )


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(a, b)
    except ValueError:
        raise MisfitError(f"combines shapes {a} and {b}, which do not fit") from None


def _axis(axis: int, rank: int) -> int:
    if not -rank <= axis < rank:
        raise MisfitError(f"names axis {axis} of a tensor with {rank} axes")
    return axis % rank


def _resolved(target: Sequence[int], size: int) -> list[int] | None:
    """`target` with its -1 filled in so that `size` values fit; None when they do not."""
    known = prod(n for n in target if n != -1)
    if known > 0 and min(target, default=0) >= -1 and size % known == 0:
        filled = [size // known if n == -1 else n for n in target]
        if prod(filled) == size and list(target).count(-1) <= 1:
            return filled
    return None
