"""The samples of a training: checked, split, and with the scaling that fits them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from surrogate.box import Box
from surrogate.datasets import Dataset, Scaling, Split
from surrogate.errors import InputError

_LEAST_RANGE = 1e-12
"""Of an output, relative to its magnitude: below some 4,000 roundings it is noise."""
_LARGEST, _NARROWEST = 1e100, 1e-100  # a number and a range whose squares can still be computed


@dataclass(frozen=True, eq=False)
class Prepared:
    """The three parts of the samples, and the maps of box and outputs to [-1, 1]."""

    split: Split
    scaling: Scaling


def prepared(
    data: Dataset | Split,
    seed: int,
    box: Box | Iterable[Sequence[float]] | None,
    *,
    by_truth: bool = False,
) -> Prepared:
    """Samples that a network can be trained on. Raises `InputError` where they cannot.

    by_truth   scale by the box (unless one is given) and the range that the truth of the training
               samples is known to have, where it is, and not by those of the samples
    """
    split = _parts(data, seed)
    known_box, known_range = split.train.known_box, split.train.known_range
    found = _box(split, known_box if by_truth and box is None else box)
    _check_training(split)
    _check_units(split, found)
    outputs = known_range if by_truth and known_range else split.train.output_range
    return Prepared(split, Scaling(found, outputs))


def _parts(data: Dataset | Split, seed: int) -> Split:
    if isinstance(data, Split):
        _check_parts(data)
        return data
    if not isinstance(data, Dataset):
        raise InputError(
            f"data is {type(data).__name__}; give a surrogate.Dataset(inputs, outputs)"
        )
    return data.split(seed)


def _check_parts(split: Split) -> None:
    for part in (split.train, split.validation, split.test):
        if not isinstance(part, Dataset):
            raise InputError(f"a part of the split is {type(part).__name__}; give three Datasets")
    columns = [
        (part.inputs.shape[1], part.outputs.shape[1])
        for part in (split.train, split.validation, split.test)
    ]
    if len(set(columns)) > 1:
        raise InputError(
            f"train, validation and test have {columns} columns of inputs and outputs; "
            "give parts of one dataset"
        )


def _box(split: Split, given: Box | Iterable[Sequence[float]] | None) -> Box:
    """The given box, which must hold every sample; else the range of all samples."""
    inputs = np.vstack([part.inputs for part in (split.train, split.validation, split.test)])
    if given is None:
        return Box(inputs.min(axis=0), inputs.max(axis=0))
    box = Box.of(given)
    if box.n_inputs != inputs.shape[1]:
        raise InputError(
            f"the box bounds {box.n_inputs} inputs, the samples have {inputs.shape[1]}; "
            "give one interval per input"
        )
    outside = ((inputs < box.lower) | (inputs > box.upper)).any(axis=1)
    if outside.any():
        row = int(np.argmax(outside))
        raise InputError(
            f"{int(outside.sum())} of {len(inputs)} samples lie outside the box {box}, the first "
            f"at {inputs[row].tolist()}; widen the box, or leave these samples out"
        )
    return box


def _check_training(split: Split) -> None:
    """Refuse outputs that are constant, to rounding, and inputs that are all at one point."""
    for name, column in zip(split.train.output_names, split.train.outputs.T, strict=True):
        spread = float(np.ptp(column))
        if spread <= _LEAST_RANGE * float(np.abs(column).max()):
            varies = f", but for {spread:.1g}," if spread else ""
            raise InputError(
                f"output {name!r} is {column[0]:g}{varies} in every training sample "
                f"({len(column)}); a constant needs no network: leave it out, or give more samples"
            )
    x = split.train.inputs
    if (x == x[0]).all():
        raise InputError(
            f"the {len(x)} training samples are all at the input {x[0].tolist()}, with outputs "
            "that differ; give samples of at least 2 distinct inputs"
        )


def _check_units(split: Split, box: Box) -> None:
    """Refuse units in which training would overflow."""
    outputs = np.vstack([part.outputs for part in (split.train, split.validation, split.test)])
    names = (*split.train.input_names, *split.train.output_names)
    intervals = (*box.pairs(), *Box(outputs.min(axis=0), outputs.max(axis=0)).pairs())
    for name, (low, high) in zip(names, intervals, strict=True):
        if max(-low, high) > _LARGEST or 0.0 < high - low < _NARROWEST:
            raise InputError(
                f"{name!r} lies in [{low:g}, {high:g}]; numbers above {_LARGEST:g} and ranges "
                f"below {_NARROWEST:g} cannot be squared: choose another unit"
            )
