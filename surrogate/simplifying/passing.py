"""One pass through the layers, from the inputs on, that carries a proof along.

Bounds are those of the network P at the start of the pass; the network Q that the pass makes has,
in each layer, pre-activations within `error` of those of P. So a neuron that is dead in P may go
(in P it is exactly 0), and one that is active in P may count as linear (in P it is), whatever
rounding did before it: with a_i and a'_i the pre-activations of P and Q,

    dead in P      |0 - h_i| = 0
    active in P    |a'_i - h_i| = |a'_i - a_i| <= error_i
    otherwise      |max(0, a'_i) - max(0, a_i)| <= error_i,

so the next layer's error is error |W| and what rounding adds to it there.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from surrogate.bounds import Bounds
from surrogate.box import FloatArray
from surrogate.network import Network
from surrogate.simplifying.compressing import Factors, compress
from surrogate.simplifying.front import Front, Layer
from surrogate.simplifying.merging import merge
from surrogate.simplifying.proof import outward, sum_error, through

BoolArray = npt.NDArray[np.bool_]
Term = tuple[FloatArray, FloatArray]


def pass_through(net: Network, bounds: Bounds, crown: Bounds) -> Front:
    """Simplify every layer of `net` once; the last layer is the front's w and b.

    bounds   of `net` on its box, which say what is stable
    crown    CROWN's, which say how large numbers get
    """
    used = _used(net, bounds)
    front = _start(net, used[0])
    for k in range(1, len(net.weights)):
        here, after = used[k - 1], used[k]
        layer = Layer(
            bounds.lower[k - 1][here] >= 0.0,
            crown.lower[k - 1][here],
            crown.upper[k - 1][here],
            net.weights[k][np.ix_(here, after)],
            net.biases[k][after],
        )
        front = _passed(net, front, layer)
    return front


def _used(net: Network, bounds: Bounds) -> list[BoolArray]:
    """For each layer, the neurons that are not dead and have a weight into one that is used."""
    used = [np.ones(net.n_outputs, dtype=bool)]
    for w, upper in zip(net.weights[:0:-1], bounds.upper[-2::-1], strict=True):
        used.insert(0, (upper > 0.0) & w[:, used[0]].any(axis=1))
    return used


def _start(net: Network, used: BoolArray) -> Front:
    """The inputs and the first layer. Inputs that are fixed are part of its biases."""
    lower, upper = net.domain().lower, net.domain().upper
    w, b, fixed = net.weights[0][:, used], net.biases[0][used], lower == upper
    error = np.zeros(len(b))
    if w[fixed].any():
        b, error = _plus(b, [(lower[fixed], w[fixed])])
        w = np.where(fixed[:, None], 0.0, w)
    return Front((), (), lower, upper, w, b, error)


def _passed(net: Network, front: Front, layer: Layer) -> Front:
    """The front behind the layer: neurons that are constant, equal or linear are gone."""
    constant = ~front.w.any(axis=0)
    active = layer.active & ~constant
    merged = merge(front, layer, ~constant & ~active)
    error = outward_sum(through(front.error, layer.w), merged.error)
    terms = [(np.maximum(front.b[constant], 0.0), layer.w[constant])] if constant.any() else []
    linear, out = front.w[:, active], layer.w[active]
    front = replace(front, merged=front.merged + int(merged.gone.sum()))
    kept = ~constant & ~active & ~merged.gone
    if not kept.any():
        terms += [(front.b[active], out)] if active.any() else []
        return _without_layer(net, front, linear, out, _plus(layer.b, terms), error)
    factors = compress(front, linear, out) if active.any() else None
    if factors is None:
        b, rounding = _plus(layer.b, terms)
        rows, error = merged.rows[kept | active], outward_sum(error, rounding)
        return _with_layer(front, layer, kept | active, None, rows, b, error)
    b, rounding = _plus(layer.b, [*terms, (front.b[active], out), (-factors.c, factors.v)])
    error = outward_sum(error, factors.error, rounding)
    rows = np.vstack([merged.rows[kept], factors.v])
    front = replace(front, linear=front.linear + len(out) - len(factors.c))
    return _with_layer(front, layer, kept, factors, rows, b, error)


def _without_layer(
    net: Network,
    front: Front,
    linear: FloatArray,
    out: FloatArray,
    bias: tuple[FloatArray, FloatArray],
    error: FloatArray,
) -> Front:
    """The front behind a layer of which nothing is left but a linear map, or a constant."""
    b, rounding = bias
    error, n = outward_sum(error, rounding), linear.shape[1]
    if n:
        w = linear @ out
        product = sum_error(n, np.abs(linear) @ np.abs(out))
        error = outward_sum(error, outward(front.reach @ product))
        return replace(front, w=w, b=b, error=error, linear=front.linear + n)
    box, w = net.domain(), np.zeros((net.n_inputs, len(b)))
    return Front((), (), box.lower, box.upper, w, b, error, front.merged, front.linear)


def _with_layer(
    front: Front,
    layer: Layer,
    kept: BoolArray,
    factors: Factors | None,
    w: FloatArray,
    b: FloatArray,
    error: FloatArray,
) -> Front:
    """The front behind a finished layer: its `kept` neurons, then those of `factors`."""
    weights, biases = front.w[:, kept], front.b[kept]
    lower = np.nextafter(layer.lower[kept] - front.error[kept], -np.inf)
    upper = np.nextafter(layer.upper[kept] + front.error[kept], np.inf)
    if factors is not None:
        weights, biases = np.hstack([weights, factors.u]), np.concatenate([biases, factors.c])
        lower = np.concatenate([lower, factors.lower])
        upper = np.concatenate([upper, factors.upper])
    return replace(
        front,
        weights=(*front.weights, weights),
        biases=(*front.biases, biases),
        lower=np.maximum(lower, 0.0),
        upper=np.maximum(upper, 0.0),
        w=w,
        b=b,
        error=error,
    )


def _plus(b: FloatArray, terms: list[Term]) -> tuple[FloatArray, FloatArray]:
    """b + sum of t M over the pairs (t, M), and by how much rounding can be off."""
    if not terms:
        return b, np.zeros(len(b))
    t = np.concatenate([t for t, _ in terms])
    m = np.vstack([m for _, m in terms])
    return b + t @ m, sum_error(len(t) + 1, np.abs(b) + np.abs(t) @ np.abs(m))


def outward_sum(*errors: FloatArray) -> FloatArray:
    """A sum of errors, rounded outward; exactly 0 where all are exactly 0."""
    total = np.sum(errors, axis=0)
    return np.where(total > 0.0, outward(total), 0.0)
