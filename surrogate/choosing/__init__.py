"""Choosing: from one row per net and one per solve to figures, a front, and an answer.

Everything takes the data frames of a store (`surrogate.study.rows` documents their columns) and
returns plain frozen data; nothing here knows how the frames were made. `trials.py` joins the solves
of a net, `summaries.py` makes figures of them, `candidates.py` lines up architectures, `winning.py`
is the bootstrap contest between them, `recommending.py` chooses, `wording.py` says it.
"""

from surrogate.choosing.bootstrap import Share, Spread
from surrogate.choosing.candidates import (
    Architecture,
    Candidate,
    candidates,
    knows_regret,
    pareto_front,
)
from surrogate.choosing.recommending import Recommendation, recommend
from surrogate.choosing.summaries import (
    Accuracy,
    Deciding,
    Solving,
    accuracy_by_layout,
    best_and_median,
    ranked,
    ranked_groups,
    solving_by_layout,
)
from surrogate.choosing.trials import Trial
from surrogate.choosing.wording import named

__all__ = [
    "Accuracy",
    "Architecture",
    "Candidate",
    "Deciding",
    "Recommendation",
    "Share",
    "Solving",
    "Spread",
    "Trial",
    "accuracy_by_layout",
    "best_and_median",
    "candidates",
    "knows_regret",
    "named",
    "pareto_front",
    "ranked",
    "ranked_groups",
    "recommend",
    "solving_by_layout",
]
