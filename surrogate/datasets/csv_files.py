"""Inputs and outputs from a CSV file, or a message that says where the file is wrong."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from surrogate.box import FloatArray
from surrogate.datasets.csv_table import Table
from surrogate.errors import InputError
from surrogate.files import checked_path

Columns = tuple[FloatArray, FloatArray, tuple[str, ...], tuple[str, ...]]


def read_columns(
    path: str | os.PathLike[str], outputs: str | Sequence[str], inputs: str | Sequence[str] | None
) -> Columns:
    """Inputs (n, d), outputs (n, m) and their names. Raises `InputError` as `Dataset.from_csv`."""
    file = checked_path(path)
    try:
        table = Table.parse(_text(file))
        chosen_outputs = table.chosen("outputs", outputs)
        chosen_inputs = (
            table.others(chosen_outputs) if inputs is None else table.chosen("inputs", inputs)
        )
        both = [name for name in chosen_inputs if name in chosen_outputs]
        if both:
            raise InputError(f"column {both[0]!r} is both input and output; choose one")
        x = np.column_stack([table.numbers(name) for name in chosen_inputs])
        y = np.column_stack([table.numbers(name) for name in chosen_outputs])
        _refuse_constant("input", x, chosen_inputs, "tells the network nothing")
        _refuse_constant("output", y, chosen_outputs, "needs no network")
    except InputError as exc:
        raise InputError(f"{os.fspath(path)!r}: {exc}") from exc.__cause__
    return x, y, chosen_inputs, chosen_outputs


def _text(path: Path) -> str:
    """The file's text. A byte-order mark, which Excel writes, is no part of it."""
    try:
        if path.exists() and not path.is_file():  # reading a device may never end
            raise InputError("is no regular file; give the path of a CSV file")
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError("the file does not exist; check the path") from None
    except UnicodeDecodeError:
        raise InputError(
            "the file is no UTF-8 text; save it as CSV in UTF-8 (a spreadsheet can)"
        ) from None
    except OSError as exc:
        raise InputError(
            f"the file cannot be read ({exc.strerror}); check path and permissions"
        ) from exc
    except ValueError as exc:  # a zero byte in the path
        raise InputError(f"the file cannot be read ({exc}); check the path") from None
    if not text.strip():
        raise InputError("the file is empty; give a header and rows of data")
    return text


def _refuse_constant(role: str, values: FloatArray, names: Sequence[str], why: str) -> None:
    low, high = values.min(axis=0), values.max(axis=0)
    constant = [repr(name) for name, same in zip(names, low == high, strict=True) if same]
    if constant:
        raise InputError(
            f"{role} column {', '.join(constant)} has one value in all "
            f"{len(values)} rows and {why}; list the {role}s without it"
        )
