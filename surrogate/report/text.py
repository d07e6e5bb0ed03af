"""Tables as text: for the terminal and as Markdown."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table as RichTable

from surrogate.report.tables import Table


def print_table(table: Table) -> None:
    """Print a table with its notes on stdout, never cut: a narrow terminal wraps its lines."""
    console = Console(width=10_000, soft_wrap=True)
    grid = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, show_header=any(table.columns))
    for i, name in enumerate(table.columns):
        grid.add_column(name, justify="left" if i == 0 else table.align, no_wrap=True)
    for row in table.rows:
        grid.add_row(*row)
    console.print(table.title, style="bold", highlight=False, markup=False)
    console.print(grid)
    for note in table.notes:
        console.print(note, style="dim", highlight=False, markup=False)
    console.print()


def markdown(table: Table) -> str:
    """The table in GitHub's Markdown, its title above and its notes below."""
    ruler = [":--", *["--:"] * (len(table.columns) - 1)]
    lines = [f"**{table.title}**", ""]
    lines += ["| " + " | ".join(cells) + " |" for cells in (table.columns, ruler, *table.rows)]
    for note in table.notes:
        lines += ["", note]
    return "\n".join(lines) + "\n"
