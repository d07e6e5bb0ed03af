"""Numbers that a caller gives: what cannot be used is an `InputError` that names it."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from surrogate.errors import InputError


def check_whole(name: str, value: Any, least: int) -> None:
    """Refuse what is no whole number of at least `least`; `True` is none."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < least:
        raise InputError(f"{name} is {value!r}; give a whole number, at least {least}")


def check_time_limit(value: Any) -> None:
    """Refuse what is neither None nor a number of seconds above 0."""
    if value is None:
        return
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not number or not value > 0:
        raise InputError(
            f"time_limit is {value!r}; give seconds, more than 0, or None for no limit"
        )
