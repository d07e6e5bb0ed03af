"""Mixed-integer linear programs in arrays, and HiGHS to solve them."""

from surrogate.programs.builder import Builder, Columns, Rows
from surrogate.programs.highs import TOLERANCES, Option, Session, check_options
from surrogate.programs.outcome import Outcome, Status
from surrogate.programs.program import WHOLE, Program, whole_bounds

__all__ = [
    "TOLERANCES",
    "WHOLE",
    "Builder",
    "Columns",
    "Option",
    "Outcome",
    "Program",
    "Rows",
    "Session",
    "Status",
    "check_options",
    "whole_bounds",
]
