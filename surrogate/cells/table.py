"""`Table`: an array that grows."""

from __future__ import annotations

from typing import Any

import numpy as np


class Table:
    """Rows that are added at the end of an array, at constant cost each."""

    def __init__(self, *shape: int, kind: type = float) -> None:
        self._data: Any = np.zeros((64, *shape), dtype=kind)
        self._n = 0

    def add(self, rows: Any) -> None:
        """Add rows at the end."""
        while self._n + len(rows) > len(self._data):
            self._data = np.concatenate([self._data, np.zeros_like(self._data)])
        self._data[self._n : self._n + len(rows)] = rows
        self._n += len(rows)

    def grow(self, n: int, value: float) -> None:
        """Fill up to n rows with a value."""
        if n > self._n:
            self.add(np.full((n - self._n, *self._data.shape[1:]), value))

    @property
    def rows(self) -> Any:
        """All rows so far."""
        return self._data[: self._n]
