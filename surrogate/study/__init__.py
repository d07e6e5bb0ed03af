"""Studies: the spec, the two tasks, the store, fresh processes, and the run that joins them."""

from surrogate.study.results import Results
from surrogate.study.running import run
from surrogate.study.spec import BOX, Study
from surrogate.study.watching import Progress

__all__ = ["BOX", "Progress", "Results", "Study", "run"]
