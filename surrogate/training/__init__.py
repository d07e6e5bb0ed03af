"""Training: recipes that turn a dataset and a layout into networks, all restarts at once.

Importing this room does not import torch; the recipe `origin` does.
"""

from surrogate.training.doubts import TrainingWarning
from surrogate.training.layout_race import train_layouts
from surrogate.training.train import train
from surrogate.training.trained import Errors, Trained

__all__ = ["Errors", "Trained", "TrainingWarning", "train", "train_layouts"]
