"""`Network`: the common currency. A feed-forward ReLU network in float64 numpy arrays.

    h_0 = x,   a_k = h_(k-1) W_k + b_k,   h_k = max(0, a_k) for k < K,   y = a_K

Layers 1..K-1 are hidden (ReLU), layer K is linear. a_k is called the pre-activation of layer k.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from surrogate.box import Box, FloatArray
from surrogate.errors import BoxError, InputError, NetworkError
from surrogate.layouts import layout_name
from surrogate.validity import Hull


@dataclass(frozen=True, eq=False)
class Network:
    """A ReLU network: frozen, in the caller's units, equal by content.

    weights     one (fan_in, fan_out) array per layer, the output layer last
    biases      one (fan_out,) array per layer
    box         the inputs for which the network was made, or None when unknown
    input_labels, output_labels   one name per input and output; x0.. and y0.. when not given
    provenance  where the network came from, as plain text pairs
    hull        the convex hull of the data that it was trained on, or None when unknown

    Like the box, the hull is compared by `==` and has no part in `content_hash`: it says where the
    function is trusted, not what it is.

    Raises `NetworkError` when shapes do not chain, or a weight is NaN or infinite.
    """

    weights: tuple[FloatArray, ...]
    biases: tuple[FloatArray, ...]
    box: Box | None = None
    input_labels: tuple[str, ...] = ()
    output_labels: tuple[str, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
    hull: Hull | None = None

    def __post_init__(self) -> None:
        """Copy the arrays to frozen float64, fill in the labels, and check that all fits."""
        _set = object.__setattr__
        _set(self, "weights", tuple(_frozen(w) for w in self.weights))
        _set(self, "biases", tuple(_frozen(b) for b in self.biases))
        _check_layers(self.weights, self.biases)
        _set(self, "input_labels", _labels(self.input_labels, "x", self.n_inputs))
        _set(self, "output_labels", _labels(self.output_labels, "y", self.n_outputs))
        _set(self, "provenance", MappingProxyType(dict(self.provenance)))
        if self.box is not None and self.box.n_inputs != self.n_inputs:
            raise NetworkError(
                f"the box bounds {self.box.n_inputs} inputs, the network has {self.n_inputs}; "
                "give one interval per input"
            )
        if self.hull is not None:
            check_hull(self.hull, self.n_inputs, self.n_outputs)

    @property
    def n_inputs(self) -> int:
        """d, the number of inputs."""
        return int(self.weights[0].shape[0])

    @property
    def n_outputs(self) -> int:
        """m, the number of outputs."""
        return int(self.weights[-1].shape[1])

    @property
    def n_neurons(self) -> int:
        """The number of hidden neurons, which is the neuron budget the network uses."""
        return sum(self.widths)

    @property
    def widths(self) -> tuple[int, ...]:
        """The widths of the hidden layers."""
        return tuple(len(b) for b in self.biases[:-1])

    @property
    def layout(self) -> str:
        """The layout's name, such as `3x8`: three hidden layers of eight neurons."""
        return layout_name(self.widths)

    @property
    def content_hash(self) -> str:
        """SHA-256 of shapes, weights and biases: equal exactly when the function's data are."""
        digest = hashlib.sha256(repr([w.shape for w in self.weights]).encode())
        for array in (*self.weights, *self.biases):
            digest.update((array + 0.0).tobytes())  # + 0.0 makes -0.0 and 0.0 one content
        return digest.hexdigest()

    def domain(self, box: Box | Iterable[Sequence[float]] | None = None) -> Box:
        """`box`, or the network's own when None. Raises `BoxError` unless it bounds every input."""
        found = self.box if box is None else Box.of(box)
        if found is None:
            raise BoxError(
                "the network has no box of its own; give one (lower, upper) pair per input"
            )
        if found.n_inputs != self.n_inputs:
            raise BoxError(
                f"the box bounds {found.n_inputs} inputs, the network has {self.n_inputs}; "
                "give one (lower, upper) pair per input"
            )
        return found

    def preactivations(self, x: npt.ArrayLike) -> tuple[FloatArray, ...]:
        """a_1 .. a_K at the points `x` of shape (n, d); a_k has shape (n, width of layer k)."""
        h = np.asarray(x, dtype=np.float64)
        if h.ndim != 2 or h.shape[1] != self.n_inputs:
            raise NetworkError(
                f"inputs have shape {h.shape}; the network takes (n, {self.n_inputs}): "
                "one row per point, one column per input"
            )
        layers = []
        for w, b in zip(self.weights, self.biases, strict=True):
            layers.append(h @ w + b)
            h = np.maximum(layers[-1], 0.0)
        return tuple(layers)

    def __call__(self, x: npt.ArrayLike) -> FloatArray:
        """The float64 forward pass: (n, d) -> (n, m)."""
        return self.preactivations(x)[-1]

    def __reduce__(self) -> tuple[Any, ...]:
        """For pickle, as between processes, which knows no frozen mapping."""
        labels, provenance = (self.input_labels, self.output_labels), dict(self.provenance)
        return Network, (self.weights, self.biases, self.box, *labels, provenance, self.hull)

    def __eq__(self, other: object) -> bool:
        """Whether weights, biases, box, labels and hull are the same; provenance may differ."""
        return isinstance(other, Network) and self._key() == other._key()

    def __hash__(self) -> int:
        """A hash that agrees with equality."""
        return hash(self._key())

    def __repr__(self) -> str:
        """One line: layout, inputs, outputs, box."""
        return (
            f"Network({self.layout}, {self.n_inputs} inputs, {self.n_outputs} outputs, "
            f"box {self.box if self.box is not None else 'unknown'})"
        )

    def __deepcopy__(self, memo: dict[int, object]) -> Network:
        """Itself: it cannot change, and a copied Pyomo model need not copy it."""
        return self

    def _key(self) -> tuple[object, ...]:
        return (self.content_hash, self.box, self.input_labels, self.output_labels, self.hull)


def check_network(net: Any, kind: type[InputError] = NetworkError) -> None:
    """Refuse what is no `Network`, such as the path of one, with an error of this kind."""
    if not isinstance(net, Network):
        raise kind(
            f"{net!r} is no Network but {type(net).__name__}; load a file with surrogate.load(path)"
        )


def check_hull(
    hull: Any, n_inputs: int, n_outputs: int, kind: type[InputError] = NetworkError
) -> None:
    """Refuse what is no `Hull`, or one of other inputs and outputs, with an error of this kind."""
    if not isinstance(hull, Hull):
        raise kind(f"the hull is {type(hull).__name__}; give surrogate.Hull.of(inputs, outputs)")
    if hull.n_inputs != n_inputs or hull.n_outputs not in (0, n_outputs):
        raise kind(
            f"the hull is one of {hull.n_inputs} inputs and {hull.n_outputs} outputs, the network "
            f"has {n_inputs} and {n_outputs}; give the data of this network, with all outputs or "
            "with none"
        )


def _frozen(array: npt.ArrayLike) -> FloatArray:
    copy = np.array(array, dtype=np.float64)
    copy.setflags(write=False)
    return copy


def _labels(given: Sequence[str], letter: str, n: int) -> tuple[str, ...]:
    labels = tuple(given) or tuple(f"{letter}{i}" for i in range(n))
    if len(labels) != n or len(set(labels)) != n:
        raise NetworkError(
            f"labels {list(labels)} do not name {n} columns; give {n} distinct names"
        )
    return labels


def _check_layers(weights: Sequence[FloatArray], biases: Sequence[FloatArray]) -> None:
    if not weights or len(weights) != len(biases):
        raise NetworkError(
            f"{len(weights)} weight arrays and {len(biases)} bias arrays; "
            "give one of each per layer, and at least one layer"
        )
    for k, (w, b) in enumerate(zip(weights, biases, strict=True), start=1):
        if w.ndim != 2 or 0 in w.shape or b.shape != (w.shape[1],):
            raise NetworkError(
                f"layer {k}: weights {w.shape} and biases {b.shape}; "
                "give (fan_in, fan_out) and (fan_out,), none of them 0"
            )
        if k > 1 and w.shape[0] != weights[k - 2].shape[1]:
            raise NetworkError(
                f"layer {k} takes {w.shape[0]} inputs, layer {k - 1} gives "
                f"{weights[k - 2].shape[1]}; give weights whose shapes chain"
            )
        if not (np.isfinite(w).all() and np.isfinite(b).all()):
            raise NetworkError(
                f"layer {k} has NaN or infinite weights or biases; retrain or repair the network"
            )
