"""Named arrays in one .npz file: written whole or not at all, read without running anything."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from surrogate.errors import InputError
from surrogate.files import checked_path, write_whole

_FORMAT = "surrogate bounds 1"


def write_arrays(path: str | os.PathLike[str], arrays: Mapping[str, npt.ArrayLike]) -> None:
    """Write `arrays` to the file `path`. Raises `StoreError` when it cannot be written."""
    named: dict[str, Any] = {**arrays, "format": _FORMAT}
    content = io.BytesIO()
    np.savez_compressed(content, **named)
    write_whole(path, content.getvalue())


def read_arrays(path: str | os.PathLike[str]) -> dict[str, npt.NDArray[Any]]:
    """What `write_arrays` wrote. Raises `InputError` when it did not write this file."""
    found = checked_path(path)
    try:
        if found.exists() and not found.is_file():  # reading a device may never end
            raise InputError("is no regular file")
        with found.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        if str(arrays.pop("format")) != _FORMAT:
            raise InputError("is of another format or version")
    except Exception as exc:  # a damaged file can trip any part of zipfile, zlib or numpy
        reason = getattr(exc, "strerror", None) or exc
        raise InputError(
            f"{os.fspath(path)!r} is no file of bounds, or is damaged ({type(exc).__name__}: "
            f"{reason}); give a file that `Bounds.save` wrote"
        ) from exc
    return arrays
