"""What makes a hull doubtful, told as `HullWarning`."""

from __future__ import annotations

import warnings

from surrogate.validity.hull import MOST_POINTS

ENOUGH_LEFT_OUT = 0.1
"""The share of the data outside its own hull above which there is a warning."""


class HullWarning(UserWarning):
    """Much of the data lies outside the hull that stands for it.

    Of many inputs nearly every sample is an extreme point, and few are kept.
    """


def warn_if_lossy(left_out: float, stacklevel: int) -> None:
    """Warn of a hull that leaves out much, at the line that is `stacklevel` calls up from here.

    left_out   as in `Hull`
    """
    if left_out > ENOUGH_LEFT_OUT:
        warnings.warn(
            f"the hull of the training data leaves out {left_out:.0%} of them: more samples are "
            f"extreme points than the {MOST_POINTS} that are kept. Decisions are held to the part "
            "that is left, and better ones may lie outside; train on fewer inputs, or use "
            "validity 'box'",
            HullWarning,
            stacklevel=stacklevel,
        )
