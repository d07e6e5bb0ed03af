"""Studies: the spec, the two tasks, the store, fresh processes, and the run that joins them.

`run` is imported when it is first used: it brings Pyomo and HiGHS, which reading results is quick
without.
"""

from typing import TYPE_CHECKING, Any

from surrogate.study.results import Results
from surrogate.study.spec import BOX, Study
from surrogate.study.watching import Progress

if TYPE_CHECKING:
    from surrogate.study.running import run

__all__ = ["BOX", "Progress", "Results", "Study", "run"]


def __getattr__(name: str) -> Any:
    """`run`, and nothing else that is not here."""
    if name != "run":
        raise AttributeError(f"module 'surrogate.study' has no attribute {name!r}")
    from surrogate.study.running import run

    return run
