"""`Table`: an array that grows."""

from __future__ import annotations

from typing import Any

import numpy as np


class Table:
    """Rows that are added at the end of an array, at constant cost each."""

    def __init__(self, *shape: int, kind: type = float) -> None:
        self._data: Any = np.empty((64, *shape), dtype=kind)
        self._n = 0

    def add(self, rows: Any) -> None:
        """Add rows at the end."""
        self._room(self._n + len(rows))
        self._data[self._n : self._n + len(rows)] = rows
        self._n += len(rows)

    def grow(self, n: int, value: float) -> None:
        """Fill up to n rows with a value."""
        if n > self._n:
            self._room(n)
            self._data[self._n : n] = value
            self._n = n

    def _room(self, n: int) -> None:
        """Make place for n rows, four times as many as before: copies are then a third of the rows
        in the end, and memory beyond those in use is not touched, so it costs nothing."""
        size = len(self._data)
        while size < n:
            size *= 4
        if size > len(self._data):
            data = np.empty((size, *self._data.shape[1:]), self._data.dtype)
            data[: self._n] = self._data[: self._n]
            self._data = data

    @property
    def rows(self) -> Any:
        """All rows so far."""
        return self._data[: self._n]
