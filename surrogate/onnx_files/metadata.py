"""What a network carries beside its function, as JSON in the ONNX file's `metadata_props`.

    surrogate.format          version of this table, now 1
    surrogate.box             [[lower, upper], ...]; absent when the box is unknown
    surrogate.input_labels    ["...", ...]
    surrogate.output_labels   ["...", ...]
    surrogate.provenance      {"...": "...", ...}
    surrogate.hull            {"points": [[...], ...], "inputs": d, "left_out": share,
                              "inputs_left_out": share}; absent when unknown. At most
                              `surrogate.validity.hull.MOST_NUMBERS` numbers, about 1 MB

JSON writes a float64 with as many digits as identify it, so box and hull return bit for bit. Other
keys belong to other tools and are left alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from surrogate.box import Box
from surrogate.errors import BoxError, NetworkError, OnnxFileError
from surrogate.network import Network, check_hull
from surrogate.validity import Hull

FORMAT = 1
_PREFIX = "surrogate."


@dataclass(frozen=True)
class Metadata:
    """Box, labels, provenance and hull, as `Network` takes them."""

    box: Box | None = None
    input_labels: tuple[str, ...] = ()
    output_labels: tuple[str, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
    hull: Hull | None = None


def to_properties(network: Network) -> dict[str, str]:
    """The entries for `metadata_props`, in a fixed order."""
    if not _is_text(network.provenance):
        raise NetworkError(
            f"provenance {dict(network.provenance)} is not text; give str keys and str values"
        )
    values: dict[str, object] = {"format": FORMAT}
    if network.box is not None:
        values["box"] = network.box.pairs()
    values["input_labels"] = network.input_labels
    values["output_labels"] = network.output_labels
    values["provenance"] = dict(network.provenance)
    if network.hull is not None:
        hull = network.hull
        values["hull"] = {
            "points": (hull.points + 0.0).tolist(),  # equal hulls give equal bytes
            "inputs": hull.n_inputs,
            "left_out": hull.left_out,
            "inputs_left_out": hull.inputs_left_out,
        }
    return {_PREFIX + key: json.dumps(value, sort_keys=True) for key, value in values.items()}


def from_properties(properties: Mapping[str, str], n_inputs: int, n_outputs: int) -> Metadata:
    """The metadata of a network with these many inputs and outputs; what is absent is unknown.

    Raises `OnnxFileError`, naming the key, when an entry is no JSON or does not fit the network.
    """
    version = _parsed(properties, "format", FORMAT)
    if version != FORMAT:
        raise _refusal("format", f"is {version!r}, this reader knows {FORMAT}; update surrogate")
    provenance = _parsed(properties, "provenance", {})
    if not isinstance(provenance, dict) or not _is_text(provenance):
        raise _refusal("provenance", "is not an object of texts")
    return Metadata(
        _box(_parsed(properties, "box", None), n_inputs),
        _labels(properties, "input_labels", n_inputs),
        _labels(properties, "output_labels", n_outputs),
        provenance,
        _hull(_parsed(properties, "hull", None), n_inputs, n_outputs),
    )


def _parsed(properties: Mapping[str, str], key: str, absent: object) -> object:
    if _PREFIX + key not in properties:
        return absent
    try:
        return json.loads(properties[_PREFIX + key])
    except (ValueError, RecursionError) as exc:
        raise _refusal(key, f"is no JSON ({exc})") from exc


def _box(pairs: object, n_inputs: int) -> Box | None:
    if pairs is None:
        return None
    if not isinstance(pairs, list) or not all(_is_interval(pair) for pair in pairs):
        raise _refusal("box", "is not a list of [lower, upper] pairs of numbers")
    if len(pairs) != n_inputs:
        raise _refusal("box", f"bounds {len(pairs)} inputs, the network has {n_inputs}")
    try:
        return Box.of(pairs)
    except (BoxError, OverflowError) as exc:
        raise _refusal("box", f"is no box ({exc})") from exc


def _hull(entry: object, n_inputs: int, n_outputs: int) -> Hull | None:
    if entry is None:
        return None
    keys = {"points", "inputs", "left_out", "inputs_left_out"}
    if not isinstance(entry, dict) or set(entry) != keys:
        raise _refusal("hull", f"is not an object of {', '.join(sorted(keys))}")
    shares = (entry["left_out"], entry["inputs_left_out"])
    if not isinstance(entry["inputs"], int) or not all(_is_number(share) for share in shares):
        raise _refusal("hull", "has a number of inputs, or a share left out, that is no number")
    points = entry["points"]
    if not isinstance(points, list) or not all(
        isinstance(row, list) and all(_is_number(n) for n in row) for row in points
    ):
        raise _refusal("hull", "has points that are no lists of numbers")
    try:
        hull = Hull(np.array(points, dtype=np.float64), entry["inputs"], *shares)
        check_hull(hull, n_inputs, n_outputs)
    except (ValueError, OverflowError) as exc:
        raise _refusal("hull", f"is no hull of this network's data ({exc})") from exc
    return hull


def _labels(properties: Mapping[str, str], key: str, n: int) -> tuple[str, ...]:
    labels = _parsed(properties, key, None)
    if labels is None:
        return ()
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise _refusal(key, "is not a list of texts")
    if len(labels) != n or len(set(labels)) != n:
        raise _refusal(key, f"is {labels}, which does not give {n} distinct names")
    return tuple(labels)


def _is_interval(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(_is_number(n) for n in pair)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_text(pairs: Mapping[str, str]) -> bool:
    return all(isinstance(text, str) for pair in pairs.items() for text in pair)


def _refusal(key: str, why: str) -> OnnxFileError:
    return OnnxFileError(
        f"metadata {_PREFIX + key!r} {why}; remove the entry from the file or repair it"
    )
