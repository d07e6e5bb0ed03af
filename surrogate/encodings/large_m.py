"""A big-M that a solver's tolerances may show: a warning, once, where the model is built."""

from __future__ import annotations

import warnings

from surrogate.box import Box

LARGEST_SAFE_M = 1e3


class BigMWarning(UserWarning):
    """A big-M above 1e3: the solver's tolerance times M may exceed what the audit allows."""


def warn_if_large(largest_m: float, box: Box, stacklevel: int) -> None:
    """Warn of a big-M above 1e3, at the line that is `stacklevel` calls up from here."""
    if largest_m > LARGEST_SAFE_M:
        warnings.warn(
            f"the largest big-M is {largest_m:.3g}, above {LARGEST_SAFE_M:g}: a solver's tolerance "
            f"times M may show in the solution. Audit it; tighten the box (now {box}) or the "
            "bounds, or rescale the network",
            BigMWarning,
            stacklevel=stacklevel,
        )
