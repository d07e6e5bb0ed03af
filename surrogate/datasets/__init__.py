"""Samples a network learns from: from arrays, a function or a CSV file; split; scaled."""

from surrogate.datasets.dataset import Dataset as Dataset
from surrogate.datasets.dataset import Split as Split
from surrogate.datasets.scaling import Scaling as Scaling
