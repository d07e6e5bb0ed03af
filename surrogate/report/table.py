"""`Table`: plain text cells, ready for any rendering, and how figures become text."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from surrogate.choosing import SURPASSED

T = TypeVar("T")
Column = tuple[str, Callable[[T], str]]


@dataclass(frozen=True)
class Table:
    """A title, column headings, rows of text cells, and one line per note under the table.

    The first `keys` columns say what a row is about: they are aligned left, and repeated when a
    narrow terminal splits the table. The other columns are aligned by `align`.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    keys: int = 1
    align: Literal["left", "right"] = "right"


def table_of(
    title: str,
    columns: Sequence[Column[T]],
    items: Iterable[T],
    notes: Sequence[str] = (),
    keys: int = 1,
) -> Table:
    """A table with one row per item; a column is its heading and what it says of an item."""
    return Table(
        title=title,
        columns=tuple(heading for heading, _ in columns),
        rows=tuple(tuple(cell(item) for _, cell in columns) for item in items),
        notes=tuple(notes),
        keys=keys,
    )


def naming(items: Sequence[T], first: Column[T], *others: Column[T]) -> tuple[Column[T], ...]:
    """Columns that name the items: the first, and of the others those in which the items differ."""
    return (first, *(c for c in others if len({c[1](item) for item in items}) > 1))


def percent(loss: float) -> str:
    """A loss in %; a negative one that is a solver's rounding is 0."""
    return number(0.0 if SURPASSED <= loss < 0.0 else 100.0 * loss, ".2f")


def number(value: float, form: str) -> str:
    """A number in a format, `-` for NaN."""
    return "-" if math.isnan(value) else format(value, form)


def count(value: float) -> str:
    """A whole number with thousands separated, `-` for NaN."""
    return number(value, ",.0f")


def digits(value: float) -> str:
    """Three significant digits, never in exponent form: the columns are meant to be compared."""
    if abs(value) < 1000:
        return f"{value:#.3g}".rstrip(".")
    return f"{float(f'{value:.3g}'):,.0f}"
