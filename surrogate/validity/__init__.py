"""Validity: where a surrogate can be trusted, as the convex hull of the data it was trained on.

Hull.of(inputs, outputs=None) -> Hull     extreme points of samples, facets where these are few
"""

from surrogate.validity.doubts import HullWarning, warn_if_lossy
from surrogate.validity.hull import NEAR, Hull

__all__ = ["NEAR", "Hull", "HullWarning", "warn_if_lossy"]
