"""`Table`: a CSV text cut into cells, with the line each row stands on.

pandas cuts the text; the cells become numbers here, because a reader that guesses types turns a
typing error into a column of text and cannot say on which line it stands.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from surrogate.box import FloatArray
from surrogate.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

_SEPARATORS = "\t;,"  # on a tie the rarer sign wins: a comma may also be part of a name or number
_MISSING = {"", "na", "n/a", "#n/a", "nan", "null", "none"}


@dataclass(frozen=True)
class Table:
    """The cells under each name, as text without spaces around it.

    names  the header's names, in the order of the file; "" where a column has none
    cells  one row per data row
    lines  the line of the file on which each of these rows begins
    """

    names: tuple[str, ...]
    cells: pd.DataFrame
    lines: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> Table:
        """Cut the text at its separators. Raises `InputError` for a text that holds no table."""
        frame = _frame(text)
        newlines = frame.apply(lambda column: column.str.count("\n")).sum(axis=1)
        lines = (frame.index + 1 + newlines.cumsum() - newlines).to_numpy()
        frame = frame.apply(lambda column: column.str.strip())
        filled = (frame != "").to_numpy()
        rows, columns = np.flatnonzero(filled.any(axis=1)), np.flatnonzero(filled.any(axis=0))
        frame = frame.iloc[rows, columns]
        if len(rows) < 3:
            raise InputError(
                f"rows of data under the header: {max(len(rows) - 1, 0)}; give at least 2"
            )
        names = tuple(str(name) for name in frame.iloc[0])
        twice = [name for name, count in Counter(names).items() if count > 1 and name]
        if twice:
            raise InputError(f"two columns are named {twice[0]!r}; rename one of them")
        return cls(names, frame.iloc[1:], tuple(int(line) for line in lines[rows[1:]]))

    def chosen(self, role: str, given: str | Sequence[str]) -> tuple[str, ...]:
        """The given column names, checked."""
        if not isinstance(given, Iterable):
            raise InputError(f"{role} is {given!r}; give the names of columns, as texts")
        names = (given,) if isinstance(given, str) else tuple(given)
        if not names:
            raise InputError(f"no column is named in {role}; name at least one")
        for name in names:
            if not name or name not in self.names:
                known = ", ".join(repr(known) for known in self.names if known)
                raise InputError(
                    f"column {name!r} is unknown; the columns are {known}{_hint(self.names)}"
                )
            if names.count(name) > 1:
                raise InputError(f"{role} names the column {name!r} twice; name it once")
        return names

    def others(self, outputs: Sequence[str]) -> tuple[str, ...]:
        """Every column that is no output."""
        names = tuple(name for name in self.names if name not in outputs)
        if not names:
            raise InputError(
                f"every column is an output{_hint(self.names)}; leave at least one as an input"
            )
        if "" in names:
            raise InputError(
                f"column {self.names.index('') + 1} has no name, so it may be a row number; "
                "name it in the header, or say which columns are inputs"
            )
        return names

    def numbers(self, name: str) -> FloatArray:
        """The column as numbers, shape (n,). Raises `InputError` at the first that is none."""
        texts = self.cells.iloc[:, self.names.index(name)].tolist()
        values = np.array([_number(text) for text in texts])
        missing = np.flatnonzero(np.isnan(values))
        for row in missing.tolist():
            if texts[row].lower() not in _MISSING:
                raise InputError(
                    f"column {name!r} holds the text {texts[row]!r} on line {self.lines[row]}; "
                    "write numbers like 1234.5, without units, or leave the column out"
                )
        if missing.size:
            raise InputError(
                f"column {name!r} has no value on line {self.lines[missing[0]]} "
                f"({missing.size} of its {len(values)} values are missing); "
                "remove these rows or fill them"
            )
        infinite = np.flatnonzero(np.isinf(values))
        if infinite.size:
            raise InputError(
                f"column {name!r} holds {texts[infinite[0]]!r}, which is infinite, on line "
                f"{self.lines[infinite[0]]} ({infinite.size} of its {len(values)} values are); "
                "give finite numbers, at most 1.79e308 in size"
            )
        return values


def _frame(text: str) -> pd.DataFrame:
    """The cells as text, the header in the first row; row i begins on line i + 1 of the file, or
    further down when a quoted cell has several lines.

    Raises `InputError` where a line has more cells than the header.
    """
    import pandas as pd  # here, so that only a CSV file costs its half second

    blank = next(i for i, line in enumerate(text.split("\n")) if line.strip())
    try:
        # header=None: under a header, pandas renames twins and takes surplus cells for an index
        frame = pd.read_csv(
            io.StringIO(text),
            sep=_separator(text),
            header=None,
            skiprows=blank,
            dtype=str,
            keep_default_na=False,
            skip_blank_lines=False,
            skipinitialspace=True,
        )
    except pd.errors.ParserError as exc:
        reason = str(exc).split("C error: ")[-1].strip()
        raise InputError(
            f"the file is no table ({reason}); give every line as many cells as the header"
        ) from None
    return frame.set_axis(range(blank, blank + len(frame)))


def _separator(text: str) -> str:
    """The sign that stands most often in both of the first two lines, outside quotes."""
    bare = re.sub(r'"[^"]*"', "", text)
    first = [line for line in bare.split("\n") if line.strip()][:2]

    def frequency(sign: str) -> tuple[int, int]:
        counts = [line.count(sign) for line in first]
        return min(counts, default=0), sum(counts)

    return max(_SEPARATORS, key=frequency)


def _number(text: str) -> float:
    """The number, and NaN for anything else."""
    try:
        return float("nan" if "_" in text else text)  # Python reads 1_000 as a thousand
    except ValueError:
        return float("nan")


def _hint(names: Sequence[str]) -> str:
    if len(names) > 1:
        return ""
    return " (there is only this one: separate columns by commas, semicolons or tabs)"
