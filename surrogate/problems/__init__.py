"""Problems: optimization models that use a surrogate."""

from surrogate.problems.box import BoxProblem, box_problem
from surrogate.problems.evaluating import Evaluation
from surrogate.problems.instance import Instance
from surrogate.problems.linked import (
    LinkedData,
    LinkedProblem,
    linked_data,
    linked_instance,
    linked_problem,
)
from surrogate.problems.linked_copies import LinkedCopies, linked_copies
from surrogate.problems.over_box import OverBox, over_box
from surrogate.problems.own import OwnProblem, load_problem
from surrogate.problems.pooling import Pooling
from surrogate.problems.problem import Built, Problem, Surrogate
from surrogate.problems.production import (
    ProductionData,
    ProductionProblem,
    production_data,
    production_instance,
    production_problem,
)
from surrogate.problems.table import PROBLEMS, problem_named

__all__ = [
    "PROBLEMS",
    "BoxProblem",
    "Built",
    "Evaluation",
    "Instance",
    "LinkedCopies",
    "LinkedData",
    "LinkedProblem",
    "OverBox",
    "OwnProblem",
    "Pooling",
    "Problem",
    "ProductionData",
    "ProductionProblem",
    "Surrogate",
    "box_problem",
    "linked_copies",
    "linked_data",
    "linked_instance",
    "linked_problem",
    "load_problem",
    "over_box",
    "problem_named",
    "production_data",
    "production_instance",
    "production_problem",
]
