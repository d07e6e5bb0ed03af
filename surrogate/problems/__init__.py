"""Problems: optimization models that use a surrogate."""

from surrogate.problems.box import BoxProblem, Sense, box_problem
from surrogate.problems.instance import Instance
from surrogate.problems.linked import (
    LinkedData,
    LinkedProblem,
    linked_data,
    linked_instance,
    linked_problem,
)
from surrogate.problems.production import (
    ProductionData,
    ProductionProblem,
    production_data,
    production_instance,
    production_problem,
)

__all__ = [
    "BoxProblem",
    "Instance",
    "LinkedData",
    "LinkedProblem",
    "ProductionData",
    "ProductionProblem",
    "Sense",
    "box_problem",
    "linked_data",
    "linked_instance",
    "linked_problem",
    "production_data",
    "production_instance",
    "production_problem",
]
