"""Training: recipes that turn a dataset and a layout into networks, all restarts as one batch.

Importing this room does not import torch; training does.
"""

from surrogate.training.trained import Trained

__all__ = ["Trained"]
