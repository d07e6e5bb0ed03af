"""Choosing: from one row per net and one per solve to figures per layout, a front, and an answer.

Everything takes the data frames of a store (`surrogate.study.rows` documents their columns) and
returns plain frozen data; nothing here knows how the frames were made.
"""

from surrogate.choosing.bootstrap import Spread
from surrogate.choosing.candidates import Candidate, candidates, pareto_front
from surrogate.choosing.recommending import Recommendation, recommend
from surrogate.choosing.summaries import (
    Accuracy,
    Solving,
    accuracy_by_layout,
    best_and_median,
    ranked,
    solving_by_layout,
)

__all__ = [
    "Accuracy",
    "Candidate",
    "Recommendation",
    "Solving",
    "Spread",
    "accuracy_by_layout",
    "best_and_median",
    "candidates",
    "pareto_front",
    "ranked",
    "recommend",
    "solving_by_layout",
]
