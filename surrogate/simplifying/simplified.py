"""`simplify`: the same function on a box, with the neurons that it does not need taken out.

Trained networks carry neurons that cost a solver a binary variable each, or a column, and do
nothing on the box that others do not do:

    dead      0 on the box, or constant, or with no weight into anything that is used
    merged    of the same direction as another one, which can take on its work
    linear    active on the whole box; s of them act through a matrix of rank r < s, so that r can
              do it; where all of a layer are active, it merges with the next one

Unstable neurons are otherwise left as they are: what remains is the same piecewise linear function,
up to the rounding of the new weights, for which there is a proved bound.

Source: T. Serra, A. Kumar, S. Ramalingam, Lossless Compression of Deep Neural Networks, CPAIOR 2020
(dead, active and linearly dependent neurons).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from surrogate.bounds import Bounds, compute_bounds
from surrogate.box import Box
from surrogate.errors import BoxError, InputError
from surrogate.network import Network, check_network
from surrogate.simplifying.front import Front
from surrogate.simplifying.passing import outward_sum, pass_through


@dataclass(frozen=True, eq=False)
class Simplified:
    """A network with fewer neurons, and the proof that it is the same on its box.

    network   it; its box is the box on which it is the same, its labels and provenance are kept
    dead      neurons that were 0 or constant on the box, or that nothing used
    merged    neurons whose work another one of equal direction has taken on
    linear    stable-active neurons that fewer, or none, can replace
    layers    hidden layers that are gone
    error     |network(x) - original(x)| <= error for every x in the box and every output, as
              functions of real numbers: what rounding did to the weights. Proved in floating point,
              as far as the bounds are (`milp` trusts HiGHS)
    """

    network: Network
    dead: int
    merged: int
    linear: int
    layers: int
    error: float


def simplify(
    net: Network,
    box: Box | Iterable[Sequence[float]] | None = None,
    bounds: Bounds | None = None,
) -> Simplified:
    """`net` without the neurons that it does not need on `box`.

    box      a `Box` or (lower, upper) pairs, one per input; None means that of the bounds, or else
             the net's own. The simplified network gets it as its box: outside it, it is another
             function
    bounds   of `net` on the box or on a larger one; None means `lp`. After each pass they are
             computed again, by their method, for what is left

    Passes are made until one changes nothing. A pass after which more neurons would be unstable, as
    CROWN or as the bounds' method sees them, is not kept. A network that is constant on the box
    keeps a layer with weights 0: its layout is `linear`. So have inputs that the box fixes; the
    biases hold what they give.

    Raises `BoxError` when there is no box, it bounds another number of inputs, or a bound
    overflows; `InputError` when `net` or `bounds` is of another type, or the bounds are of another
    network, of a smaller box, or of inputs with further constraints.
    """
    check_network(net)
    if bounds is not None and not isinstance(bounds, Bounds):
        raise InputError(
            f"bounds are {type(bounds).__name__}; give what surrogate.compute_bounds returns, "
            "or None"
        )
    given = bounds.box if box is None and bounds is not None else box
    current = _on(net, net.domain(given))
    method = "lp" if bounds is None else bounds.method
    if bounds is not None:
        _check(net, bounds, current.domain())
    bounds = bounds or compute_bounds(current, method=method)
    crown = compute_bounds(current, method="crown")
    merged, linear, error = 0, 0, np.zeros(net.n_outputs)
    while (front := _once(current, bounds, crown)) is not None:
        found = replace(current, weights=(*front.weights, front.w), biases=(*front.biases, front.b))
        before = crown, bounds
        crown, bounds = (compute_bounds(found, method=m) for m in ("crown", method))
        if _unstable(crown) > _unstable(before[0]) or _unstable(bounds) > _unstable(before[1]):
            break
        current, error = found, outward_sum(error, front.error)
        merged, linear = merged + front.merged, linear + front.linear
    return Simplified(
        network=current,
        dead=net.n_neurons - current.n_neurons - merged - linear,
        merged=merged,
        linear=linear,
        layers=len(net.widths) - len(current.widths),
        error=float(error.max()),
    )


def _once(net: Network, bounds: Bounds, crown: Bounds) -> Front | None:
    """The front at the end of a pass; None when it changes nothing, or when numbers overflow."""
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        front = pass_through(net, bounds, crown)
    arrays = (*front.weights, *front.biases, front.w, front.b, front.error)
    if not all(np.isfinite(array).all() for array in arrays):
        return None
    same = len(front.weights) == len(net.widths) and all(
        np.array_equal(new, old)
        for new, old in zip((*front.weights, front.w), net.weights, strict=True)
    )
    return None if same else front


def _unstable(bounds: Bounds) -> int:
    return bounds.counts().unstable


def _on(net: Network, box: Box) -> Network:
    return net if net.box == box else replace(net, box=box)


def _check(net: Network, bounds: Bounds, box: Box) -> None:
    """Raise unless the bounds hold for the network on the whole box."""
    if bounds.network_hash != net.content_hash:
        raise InputError(
            f"the bounds are of another network (content hash {bounds.network_hash or 'unknown'}, "
            f"not {net.content_hash}); compute the bounds of this one"
        )
    if bounds.constraints is not None:
        raise InputError(
            f"the bounds hold under {len(bounds.constraints.rhs)} constraints only, and a "
            "simplified network is used on its whole box; compute bounds without constraints"
        )
    if (box.lower < bounds.box.lower).any() or (box.upper > bounds.box.upper).any():
        raise BoxError(
            f"the bounds hold on {bounds.box}, which does not contain the box {box}; "
            "compute bounds on that box"
        )
