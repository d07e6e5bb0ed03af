"""Reports: the same tables for the terminal, for Markdown and for the HTML page, and the plots."""

from surrogate.report.front import choice_record, front_table
from surrogate.report.page import write_page
from surrogate.report.progress import ProgressDisplay
from surrogate.report.single import (
    compiled_record,
    layer_table,
    network_record,
    record_table,
    solution_record,
)
from surrogate.report.table import Table
from surrogate.report.tables import recommendation, report_tables
from surrogate.report.text import markdown, print_table

__all__ = [
    "ProgressDisplay",
    "Table",
    "choice_record",
    "compiled_record",
    "front_table",
    "layer_table",
    "markdown",
    "network_record",
    "print_table",
    "recommendation",
    "record_table",
    "report_tables",
    "solution_record",
    "write_page",
]
