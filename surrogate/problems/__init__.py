"""Problems: optimization models that use a surrogate."""

from surrogate.problems.box import BoxProblem, Sense, box_problem
from surrogate.problems.linked import LinkedData, LinkedProblem, linked_data, linked_problem

__all__ = [
    "BoxProblem",
    "LinkedData",
    "LinkedProblem",
    "Sense",
    "box_problem",
    "linked_data",
    "linked_problem",
]
