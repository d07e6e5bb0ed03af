"""Layouts: the names of architectures, and which of them a neuron budget allows.

A layout is a plain string: `LxW` for L hidden layers of W neurons each (`3x8`), the widths joined
by dashes otherwise (`8-8-4`), `linear` for a network without hidden layers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations, pairwise
from math import comb

from surrogate.errors import LayoutError

_CONSTANT = re.compile(r"([1-9]\d*)x([1-9]\d*)")
_LARGEST = 10_000
"""Hidden neurons: far above what any solver finishes with, and far below what exhausts memory."""

_MOST = 5_000
"""Layouts: a race of so many takes minutes."""

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


def all_layouts(neurons: int, max_depth: int) -> tuple[str, ...]:
    """Every layout of `neurons` hidden neurons in at most `max_depth` layers, shallowest first.

    `all_layouts(4, 2) == ("1x4", "1-3", "2x2", "3-1")`: the compositions of the budget, of which
    there are sum over l of C(neurons - 1, l - 1). Raises `LayoutError` above 5,000 of them.
    """
    _check_size(f"of {neurons} neurons", neurons)
    if neurons < 1 or max_depth < 1:
        raise LayoutError(
            f"a budget of {neurons} neurons in at most {max_depth} layers makes no network; "
            "give at least 1 of both"
        )
    depths = range(1, min(max_depth, neurons) + 1)
    count = sum(comb(neurons - 1, depth - 1) for depth in depths)
    if count > _MOST:
        raise LayoutError(
            f"{neurons} neurons in at most {max_depth} layers make {count:,} layouts, the limit is "
            f"{_MOST:,}; allow fewer layers, or name the layouts"
        )
    cuts = (cut for depth in depths for cut in combinations(range(1, neurons), depth - 1))
    return tuple(layout_name([b - a for a, b in pairwise((0, *cut, neurons))]) for cut in cuts)


def _check_size(layout: str, neurons: int) -> None:
    if neurons > _LARGEST:
        raise LayoutError(
            f"layout {layout} has {neurons} hidden neurons, the limit is {_LARGEST}; spend fewer"
        )
