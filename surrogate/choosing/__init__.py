"""Choosing: from one row per net and one per solve to figures, a front, and an answer.

Everything takes the data frames of a store (`surrogate.study.rows` documents their columns) and
returns plain frozen data; nothing here knows how the frames were made. `restarts.py` joins the
networks of a restart, `trials.py` its solves, `worth.py` measures what decisions are worth,
`summaries.py` makes figures of them, `candidates.py` lines up architectures, `winning.py` is the
bootstrap contest between them, `recommending.py` chooses, `wording.py` says it.
"""

from surrogate.choosing.bootstrap import Share, Spread
from surrogate.choosing.candidates import (
    Architecture,
    Candidate,
    Criterion,
    candidates,
    criterion_of,
    pareto_front,
)
from surrogate.choosing.recommending import Recommendation, recommend, recommend_among
from surrogate.choosing.restarts import apart, together
from surrogate.choosing.summaries import (
    Accuracy,
    Deciding,
    Solving,
    accuracy_by_layout,
    ranked,
    ranked_groups,
    roles,
    solving_by_layout,
)
from surrogate.choosing.trials import Trial
from surrogate.choosing.wording import named
from surrogate.choosing.worth import SURPASSED, Surpassed, surpassed

__all__ = [
    "SURPASSED",
    "Accuracy",
    "Architecture",
    "Candidate",
    "Criterion",
    "Deciding",
    "Recommendation",
    "Share",
    "Solving",
    "Spread",
    "Surpassed",
    "Trial",
    "accuracy_by_layout",
    "apart",
    "candidates",
    "criterion_of",
    "named",
    "pareto_front",
    "ranked",
    "ranked_groups",
    "recommend",
    "recommend_among",
    "roles",
    "solving_by_layout",
    "surpassed",
    "together",
]
