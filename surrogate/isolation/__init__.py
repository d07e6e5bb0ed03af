"""Work in other processes: tasks in fresh ones, and processes that stay for several requests.

Both are ended when the caller stops, whatever the reason: an exception, a Ctrl-C.
"""

from surrogate.isolation.processes import interrupts_held
from surrogate.isolation.staying import Staff, staying
from surrogate.isolation.tasks import Failed, Finished, Progressed, Report, run_isolated

__all__ = [
    "Failed",
    "Finished",
    "Progressed",
    "Report",
    "Staff",
    "interrupts_held",
    "run_isolated",
    "staying",
]
