"""Problems: optimization models that use a surrogate."""

from surrogate.problems.box import BoxProblem, Sense, box_problem

__all__ = ["BoxProblem", "Sense", "box_problem"]
