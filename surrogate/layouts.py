"""Layouts: the names of architectures, and which of them a neuron budget allows.

A layout is a plain string: `LxW` for L hidden layers of W neurons each (`3x8`), the widths joined
by dashes otherwise (`8-8-4`), `linear` for a network without hidden layers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from surrogate.errors import LayoutError

_CONSTANT = re.compile(r"([1-9]\d*)x([1-9]\d*)")
_LARGEST = 10_000
"""Hidden neurons: far above what any solver finishes with, and far below what exhausts memory."""

_GENERAL = re.compile(r"[1-9]\d*(-[1-9]\d*)*")


def layout_name(widths: Sequence[int]) -> str:
    """The layout's name: `layout_name((8, 8, 8)) == "3x8"`, `layout_name((8, 4)) == "8-4"`."""
    if not widths:
        return "linear"
    if len(set(widths)) == 1:
        return f"{len(widths)}x{widths[0]}"
    return "-".join(str(width) for width in widths)


def layout_widths(layout: str) -> tuple[int, ...]:
    """The widths of the hidden layers: `layout_widths("3x8") == (8, 8, 8)`."""
    if layout == "linear":
        return ()
    if match := _CONSTANT.fullmatch(layout):
        depth, width = int(match[1]), int(match[2])
        _check_size(layout, depth * width)
        return (width,) * depth
    if _GENERAL.fullmatch(layout):
        widths = tuple(int(width) for width in layout.split("-"))
        _check_size(layout, sum(widths))
        return widths
    raise LayoutError(
        f"layout {layout!r} is not understood; write LxW for L hidden layers of W neurons (3x8), "
        "or the widths joined by dashes (8-8-4), each at least 1"
    )


def constant_width_layouts(neurons: int) -> tuple[str, ...]:
    """Every layout of `neurons` hidden neurons with equal widths, shallowest first.

    `constant_width_layouts(6) == ("1x6", "2x3", "3x2", "6x1")`: one per divisor of the budget.
    """
    if neurons < 1:
        raise LayoutError(f"a budget of {neurons} neurons makes no network; give at least 1")
    _check_size(f"of {neurons} neurons", neurons)
    return tuple(
        layout_name((neurons // depth,) * depth)
        for depth in range(1, neurons + 1)
        if neurons % depth == 0
    )


def _check_size(layout: str, neurons: int) -> None:
    if neurons > _LARGEST:
        raise LayoutError(
            f"layout {layout} has {neurons} hidden neurons, the limit is {_LARGEST}; spend fewer"
        )
