"""Random parts of the rows of an array, with identical rows kept together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from surrogate.box import FloatArray
from surrogate.errors import InputError

IndexArray = npt.NDArray[np.intp]

_PARTS = 3


def split_rows(
    inputs: FloatArray, seed: int, validation: float, test: float
) -> tuple[IndexArray, IndexArray, IndexArray]:
    """Row numbers of (train, validation, test), ascending; `inputs` has shape (n, d).

    The groups of identical rows come in random order, and each goes to the part that lacks most
    rows. Two things are put first. A group larger than the smallest part comes before all others,
    the largest first, so that it lands in the part with the most room. And a part without any row
    gets one of the last groups.

    Raises `InputError` as `Dataset.split` says.
    """
    _check_fractions(validation, test)
    if seed < 0:
        raise InputError(f"split: the seed is {seed}; give 0 or more")
    # + 0.0 makes -0.0 and 0.0 one value
    _, group, sizes = np.unique(inputs + 0.0, axis=0, return_inverse=True, return_counts=True)
    if len(sizes) < _PARTS:
        raise InputError(
            f"split: the dataset has {len(inputs)} rows with {len(sizes)} distinct inputs; "
            f"{_PARTS} parts need at least {_PARTS} distinct ones, so give more samples"
        )
    wanted = [round(share * len(inputs)) for share in (validation, test)]
    lacking = [len(inputs) - sum(wanted), *wanted]
    order = np.random.default_rng([seed]).permutation(len(sizes))
    too_large = np.where(sizes > min(wanted), sizes, 0)
    order = order[np.argsort(-too_large[order], kind="stable")]
    part = _assign(order.tolist(), sizes.tolist(), lacking)[group.ravel()]
    train, held, last = (np.flatnonzero(part == k) for k in range(_PARTS))
    return train, held, last


def _check_fractions(validation: float, test: float) -> None:
    for name, share in (("validation", validation), ("test", test)):
        if not 0 < share < 1:
            raise InputError(f"split: {name} = {share}; give a fraction between 0 and 1")
    if validation + test >= 1:
        raise InputError(
            f"split: validation = {validation} and test = {test} leave nothing to train on; "
            "give fractions whose sum is below 1"
        )


def _assign(order: list[int], sizes: list[int], lacking: list[int]) -> IndexArray:
    """The part of each group. `lacking` counts the rows each part still lacks, and is used up."""
    part = np.empty(len(order), dtype=np.intp)
    empty = set(range(_PARTS))
    for left, group in zip(range(len(order), 0, -1), order, strict=True):
        candidates = empty if left <= len(empty) else range(_PARTS)
        chosen = max(candidates, key=lacking.__getitem__)
        part[group] = chosen
        lacking[chosen] -= sizes[group]
        empty.discard(chosen)
    return part
