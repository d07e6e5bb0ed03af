"""`Dataset`: the samples a network learns from, and `Split`: its three parts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from surrogate.box import Box, FloatArray
from surrogate.datasets.csv_files import read_columns
from surrogate.datasets.splitting import IndexArray, split_rows
from surrogate.errors import InputError
from surrogate.functions import Function


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples in the caller's units: `inputs` (n, d) and `outputs` (n, m), finite, n >= 1.

    Outputs of shape (n,) are one column. The names are one per column; x0.. and y0.. when not
    given, as a `Network` calls its inputs and outputs.

    known_box, known_range   box and range of the truth, where these are known and not only seen:
                             `sample` sets them, `split` keeps them, and what is made of the arrays
                             otherwise (`dataclasses.replace`) has None

    Raises `InputError` naming the shapes, the first row that is not finite, or the names.
    """

    inputs: FloatArray
    outputs: FloatArray
    input_names: tuple[str, ...] = ()
    output_names: tuple[str, ...] = ()
    known_box: Box | None = field(default=None, init=False)
    known_range: Box | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Copy, check and freeze both arrays; fill in the names."""
        for what, letter in (("input", "x"), ("output", "y")):
            array = _samples(f"{what}s", getattr(self, f"{what}s"))
            names = _names(what, getattr(self, f"{what}_names"), letter, array.shape[1])
            object.__setattr__(self, f"{what}s", array)
            object.__setattr__(self, f"{what}_names", names)
        if len(self.inputs) != len(self.outputs):
            raise InputError(
                f"dataset: {len(self.inputs)} rows of inputs and {len(self.outputs)} of outputs; "
                "give as many of one as of the other"
            )

    @classmethod
    def sample(cls, function: Function, n: int, rng: np.random.Generator) -> Dataset:
        """`n` points drawn uniformly from the function's box, with the function's values."""
        x = function.box.sample(n, rng)
        return cls(x, function(x))._knowing(function.box, function.range)

    @classmethod
    def from_csv(
        cls,
        path: str | os.PathLike[str],
        outputs: str | Sequence[str],
        inputs: str | Sequence[str] | None = None,
    ) -> Dataset:
        """The named columns of a CSV file; `inputs` None means every column that is no output.

        The first line names the columns. Commas, semicolons or tabs separate them; spaces around
        names and numbers do not count, nor do lines without any value. Columns that are not used
        may hold anything.

        Raises `InputError`, naming column and line, for a file that cannot be read, columns that
        are unknown, named twice or both input and output, values that are missing, infinite or no
        number, and columns that are constant.
        """
        return cls(*read_columns(path, outputs, inputs))

    def split(self, seed: int = 0, validation: float = 0.15, test: float = 0.15) -> Split:
        """Three random parts that together hold every row once; the same for the same seed.

        `validation` and `test` are fractions of the rows. Rows with identical inputs stay
        together, or a network would be tested on points that it was trained on; so the sizes are
        met only up to the size of such groups. Each part has at least one row, and keeps the
        order of the dataset.

        Raises `InputError` for fractions that leave a part empty, and for fewer than three
        distinct input rows.
        """
        rows = split_rows(self.inputs, seed, validation, test)
        return Split(*(self._rows(part) for part in rows))

    @property
    def box(self) -> Box:
        """The smallest box that holds the inputs."""
        return Box(self.inputs.min(axis=0), self.inputs.max(axis=0))

    @property
    def output_range(self) -> Box:
        """The smallest and largest value of each output."""
        return Box(self.outputs.min(axis=0), self.outputs.max(axis=0))

    def __len__(self) -> int:
        """n, the number of rows."""
        return len(self.inputs)

    def _rows(self, rows: IndexArray) -> Dataset:
        part = replace(self, inputs=self.inputs[rows], outputs=self.outputs[rows])
        return part._knowing(self.known_box, self.known_range)

    def _knowing(self, box: Box | None, output_range: Box | None) -> Dataset:
        """Itself, just made, with what is known of its truth."""
        object.__setattr__(self, "known_box", box)
        object.__setattr__(self, "known_range", output_range)
        return self


@dataclass(frozen=True, eq=False)
class Split:
    """Three disjoint parts of one dataset.

    train       what the weights are fitted to
    validation  what chooses among networks: it is seen, so its error is flattered
    test        what is measured once, at the end
    """

    train: Dataset
    validation: Dataset
    test: Dataset


def _samples(what: str, given: Any) -> FloatArray:
    """A frozen float64 copy with rows and columns, finite."""
    try:
        array = np.array(given, dtype=np.float64)
    except (TypeError, ValueError) as exc:
        raise InputError(
            f"dataset: {what} are no array of numbers ({exc}); give numbers in (rows, columns)"
        ) from None
    if what == "outputs" and array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or 0 in array.shape:
        raise InputError(
            f"dataset: {what} has shape {array.shape}; give (rows, columns), none of them 0"
        )
    bad = np.flatnonzero(~np.isfinite(array).all(axis=1))
    if bad.size:
        raise InputError(
            f"dataset: {what} row {bad[0]} holds NaN or infinity ({bad.size} such rows); "
            "remove or fill them"
        )
    array.setflags(write=False)
    return array


def _names(what: str, given: Iterable[str], letter: str, n: int) -> tuple[str, ...]:
    listed = (given,) if isinstance(given, str) else tuple(given)
    names = listed or tuple(f"{letter}{i}" for i in range(n))
    if len(names) != n or len(set(names)) != n or not all(isinstance(x, str) for x in names):
        raise InputError(
            f"dataset: {what}_names {list(names)} do not name {n} columns; give {n} distinct texts"
        )
    return names
