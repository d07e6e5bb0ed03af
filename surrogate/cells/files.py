"""A cell tree in a file: where it was cut, and its points; so that no file can spoil a bound.

The bounds of the cells and the network at the points are computed again, thousands a second. The
worst that a wrong file can do is to cut where nobody needs it; still, one that is damaged or of
another network is not used.
"""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from surrogate.box import Box, FloatArray
from surrogate.cells.following import Following
from surrogate.cells.known import known_tree
from surrogate.cells.tree import CellTree
from surrogate.errors import InputError
from surrogate.files import write_whole
from surrogate.network import Network
from surrogate.programs.program import IntArray

FORMAT = "surrogate cells 2"


class CellFileWarning(UserWarning):
    """A file of cells beside a network is damaged or belongs to another one, and was not used."""


def cells_path(path: str | os.PathLike[str]) -> Path:
    """Where the cells of the network in the file `path` are kept: beside it."""
    return Path(path).with_suffix(".cells.npz")


def save_tree(tree: CellTree, path: str | os.PathLike[str]) -> None:
    """Write where the tree was cut, and its points.

    Raises `StoreError` when the file cannot be written.
    """
    cells, axes = tree.cuts
    arrays: dict[str, Any] = {
        "cells": cells,
        "axes": axes,
        "points": tree.points.x,
        "box": np.stack([tree.box.lower, tree.box.upper]),
        "facts": np.array([FORMAT, tree.net.content_hash]),
    }
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    write_whole(path, content.getvalue())


def load_tree(path: str | os.PathLike[str], net: Network) -> CellTree:
    """The tree of `net` that `save_tree` wrote, which is then known to the process.

    Raises `InputError` when the file is missing, damaged, or about another network.
    """
    try:
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as archive:
            cells, axes, box, points, facts = (
                archive[name] for name in ("cells", "axes", "box", "points", "facts")
            )
        name, network_hash = facts.tolist()
        if name != FORMAT:
            raise InputError("is of another format or version")
        if network_hash != net.content_hash:
            raise InputError("has the cells of another network")
        tree = known_tree(net, Box(*box))
        _check_cuts(cells, axes, net.n_inputs)
        _check_points(points, tree)
    except Exception as exc:  # a damaged file can trip any part of zipfile, zlib or numpy
        raise InputError(
            f"{os.fspath(path)!r} is no file of this network's cells, or is damaged "
            f"({type(exc).__name__}: {exc}); make it again with `surrogate compile`"
        ) from exc
    Following(tree).follow((cells.astype(np.intp), axes.astype(np.intp)))
    tree.remember(points)
    if net.n_outputs == 1:  # whatever the price, its planes are those of 1 or -1
        for direction in (np.ones(1), -np.ones(1)):
            tree.planes(np.arange(len(tree)), direction)
    return tree


def recall(net: Network, path: str | os.PathLike[str]) -> None:
    """Load what is kept beside the network's file, if anything; warn when it cannot be used."""
    kept = cells_path(path)
    if not kept.exists():
        return
    try:
        load_tree(kept, net)
    except InputError as exc:
        warnings.warn(str(exc), CellFileWarning, stacklevel=3)


def _check_cuts(cells: IntArray, axes: IntArray, n_inputs: int) -> None:
    """Each cell is there when it is cut, once, across an input that exists."""
    if cells.ndim != 1 or cells.shape != axes.shape or cells.dtype.kind != "i":
        raise InputError("its cuts have no shape")
    there = (cells >= 0) & (cells < 2 * np.arange(len(cells)) + 1)
    if not there.all() or len(np.unique(cells)) < len(cells):
        raise InputError("it cuts cells that are not there")
    if len(axes) and not (axes.min() >= 0 and axes.max() < n_inputs):
        raise InputError("it cuts across inputs that do not exist")


def _check_points(points: FloatArray, tree: CellTree) -> None:
    """Points of the box."""
    if points.ndim != 2 or points.shape[1] != tree.net.n_inputs or points.dtype != np.float64:
        raise InputError("its points have no shape")
    if not ((points >= tree.box.lower) & (points <= tree.box.upper)).all():
        raise InputError("it has points outside the box")
