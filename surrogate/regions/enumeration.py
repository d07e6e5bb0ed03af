"""`enumerate_regions`: every linear region of a ReLU network on a box of at most three inputs.

The box is one cell, on which the first layer's pre-activations are affine. Each layer cuts the
cells by its neurons' zero sets; on the pieces its ReLUs are affine, and so is the next layer:

    a_k(x) = (x, 1) P_k,    P_(k+1) = (P_k with the columns of inactive neurons set to 0) W_(k+1)
                                      + (0, .., 0, b_(k+1))

with one matrix P_k of shape (d + 1, width) per cell. Time and memory grow with the number of
regions, which for n neurons and d inputs can reach the order of n^d, and more when deep.

Source: T. Serra, C. Tjandraatmadja and S. Ramalingam, Bounding and Counting Linear Regions of Deep
Neural Networks, ICML 2018 (the count); the cutting is described in `surrogate.regions.cutting`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from surrogate.box import Box, FloatArray
from surrogate.errors import BoxError, EmbeddingError
from surrogate.network import Network
from surrogate.regions.clipping import clip
from surrogate.regions.complexes import BoolArray, Complex, IntArray, complex_of
from surrogate.regions.corners import corners
from surrogate.regions.cutting import divide, signs_of
from surrogate.regions.merging import merge
from surrogate.regions.result import Regions

MAX_INPUTS = 3
GRAZE = 1e-13  # below this share of its terms a pre-activation counts as 0: 500 rounding errors
CHUNK = 2**22  # numbers held at once while the maps go through a layer: 32 MB


def enumerate_regions(
    net: Network,
    box: Box | None = None,
    constraints: tuple[FloatArray, FloatArray] | None = None,
    max_regions: int = 200_000,
    time_limit: float | None = None,
) -> Regions:
    """The linear regions of `net` on `box`, neighbours with one map and a convex union merged.

    box          the net's own when None; inputs whose interval is a point cost nothing
    constraints  A of shape (k, d) and b of shape (k,): only the x with A x <= b are kept
    max_regions  the largest number of regions, before merging
    time_limit   seconds

    Raises `BoxError` when there is no box, or no x in it satisfies the constraints, and
    `EmbeddingError` when more than three inputs vary, when there are more than `max_regions`
    regions, when the time is over, or when regions are too thin for float64. There is no partial
    result: a part of the regions is no model of the network.
    """
    start = time.perf_counter()
    box = net.domain(box)
    n_free = box.n_varying
    if n_free > MAX_INPUTS:
        raise EmbeddingError(
            f"{n_free} inputs vary; linear regions are enumerated for at most {MAX_INPUTS}: "
            "use another encoding, or fix inputs"
        )
    whole = complex_of(box)
    if constraints is not None:
        whole = clip(whole, *constraints)
    limits = _Limits(max_regions, time_limit, start)
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is found there
        whole, maps, reach = _linear_pieces(net, whole, limits)
    region = merge(whole, maps, reach, limits.check_time)
    return _result(net, box, whole, maps, region, start)


@dataclass(frozen=True)
class _Limits:
    """What the enumeration may use."""

    max_regions: int
    time_limit: float | None
    start: float

    def check(self, n_regions: int) -> None:
        """Raise `EmbeddingError` when a limit is passed."""
        if n_regions > self.max_regions:
            raise EmbeddingError(
                f"the network has at least {n_regions} linear regions on the box, the limit is "
                f"{self.max_regions}; use another encoding, a smaller box, or raise max_regions"
            )
        self.check_time()

    def check_time(self) -> None:
        """Raise `EmbeddingError` when the time is over."""
        if self.time_limit is not None and time.perf_counter() - self.start > self.time_limit:
            raise EmbeddingError(
                f"the linear regions were not enumerated within {self.time_limit:g} s; "
                "use another encoding, a smaller box, or raise time_limit"
            )


def _linear_pieces(
    net: Network, whole: Complex, limits: _Limits
) -> tuple[Complex, FloatArray, FloatArray]:
    """The complex cut at every kink of the network, the map on each cell, and the outputs' reach.

    The maps have shape (cells, d + 1, m). The reach, shape (m,), bounds how much an output can
    change across the box before its terms cancel, which is what its slopes' rounding goes by.
    """
    d = net.n_inputs
    width = np.abs(whole.basis).max(axis=1, initial=0.0)
    reach = width @ np.abs(net.weights[0])
    everywhere = np.eye(d + 1, d)[None]  # x = (x, 1) P for the inputs themselves
    maps = _next_maps(everywhere, np.ones((1, d), dtype=bool), net.weights[0], net.biases[0])
    for k, matters in enumerate(_that_matter(net)):
        layers = net.preactivations(whole.points)
        inputs = whole.points if k == 0 else np.maximum(layers[k - 1], 0.0)
        terms = np.abs(inputs).max(axis=0) @ np.abs(net.weights[k]) + np.abs(net.biases[k])
        if not np.isfinite(terms).all():
            raise _overflow()
        whole, parent, on = _cut_layer(whole, layers[k], maps, GRAZE * terms, matters, limits)
        reach = (np.abs(maps[:, :-1]).max(axis=0) * width[:, None]).max(axis=0)
        reach = reach @ np.abs(net.weights[k + 1])
        maps = _next_maps(maps, on, net.weights[k + 1], net.biases[k + 1], parent)
    if not np.isfinite(maps).all():
        raise _overflow()
    return whole, maps, reach


def _overflow() -> BoxError:
    return BoxError(
        "the network's affine maps overflow on the box; give a smaller box, or rescale the "
        "network's inputs and weights"
    )


def _that_matter(net: Network) -> list[BoolArray]:
    """For each hidden layer, the neurons that some path of nonzero weights joins to an output."""
    matters = [np.ones(net.n_outputs, dtype=bool)]
    for w in net.weights[:0:-1]:
        matters.append((w[:, matters[-1]] != 0.0).any(axis=1))
    return matters[:0:-1]


def _cut_layer(
    whole: Complex,
    values: FloatArray,
    maps: FloatArray,
    tolerance: FloatArray,
    matters: BoolArray,
    limits: _Limits,
) -> tuple[Complex, IntArray, BoolArray]:
    """The complex cut by one layer's neurons, each cell's old cell, and the neurons active on it.

    values  (V, width) the pre-activations at the vertices
    maps    (cells, d + 1, width) the pre-activations' affine maps on the cells
    """
    parent = np.arange(whole.n_cells)
    on = np.tile(values.max(axis=0) > tolerance, (whole.n_cells, 1))
    kinked = on[0] & (values.min(axis=0) < -tolerance) & matters
    for j in np.flatnonzero(kinked):
        signs = signs_of(whole, values[:, j], tolerance[j])
        cut = np.flatnonzero(signs.cut(whole.dimension))
        limits.check(whole.n_cells + len(cut))
        on[:, j] = signs.positive[-1]
        if len(cut):
            whole, values = divide(whole, signs, values, int(j), maps[parent, :, j])
            parent = np.concatenate([parent, parent[cut]])
            on = np.concatenate([on, on[cut]])
            on[-len(cut) :, j] = False
    return whole, parent, on


def _next_maps(
    maps: FloatArray,
    on: BoolArray,
    w: FloatArray,
    b: FloatArray,
    parent: IntArray | None = None,
) -> FloatArray:
    """P_(k+1) of every cell from P_k, which a cell shares with the others cut from its parent.

    Cell by cell the matrices are small: they are multiplied as one, a chunk of cells at a time, so
    that the masked copies never need more memory than the result.
    """
    parent = np.zeros(len(on), dtype=np.intp) if parent is None else parent
    rows, width = maps.shape[1:]
    result = np.empty((len(on), rows, w.shape[1]))
    step = max(1, CHUNK // (rows * width))
    for i in range(0, len(on), step):
        masked = maps[parent[i : i + step]] * on[i : i + step, None, :]
        result[i : i + step] = (masked.reshape(-1, width) @ w).reshape(-1, rows, w.shape[1])
    result[:, -1] += b
    return result


def _result(
    net: Network, box: Box, whole: Complex, maps: FloatArray, region: IntArray, start: float
) -> Regions:
    """The regions, with only the vertices that are a corner of one."""
    first = np.unique(region, return_index=True)[1]
    owner, vertex = corners(whole, region)
    used, vertex = np.unique(vertex, return_inverse=True)
    ends = np.cumsum(np.bincount(owner, minlength=len(first)))[:-1]
    points = whole.points[used]
    return Regions(
        vertices=points,
        values=net(points),
        members=tuple(np.split(vertex, ends)),
        slopes=maps[first, :-1],
        intercepts=maps[first, -1],
        box=box,
        seconds=time.perf_counter() - start,
    )
