"""Tables as text: for the terminal and as Markdown."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table as RichTable

from surrogate.report.table import Table

_GAP = 2  # blanks between columns


def print_table(table: Table) -> None:
    """Print a table with its notes on stdout.

    On a terminal that is too narrow the table is split into several, each with the key columns;
    nothing is cut or wrapped. In a file or a pipe it is as wide as it needs to be.
    """
    console = Console()
    terminal = console.is_terminal  # where notes break between words; elsewhere they are one line
    width = console.width if terminal else 10**6
    console.print(table.title, style="bold", highlight=False, markup=False, soft_wrap=True)
    for columns in _split(table, width):
        print("\n" + _grid(table, columns))
    print()
    for note in table.notes:
        console.print(note, style="dim", highlight=False, markup=False, soft_wrap=not terminal)
    print()


def _split(table: Table, width: int) -> list[list[int]]:
    """Which columns stand side by side: the keys, and as many others as fit, again and again."""
    widths = [
        max(len(text) for text in (heading, *(row[i] for row in table.rows))) + _GAP
        for i, heading in enumerate(table.columns)
    ]
    keys = list(range(table.keys))
    parts: list[list[int]] = [[]]
    for i in range(table.keys, len(table.columns)):
        used = sum(widths[j] for j in (*keys, *parts[-1], i))
        if parts[-1] and used > width:
            parts.append([])
        parts[-1].append(i)
    return [[*keys, *part] for part in parts]


def _grid(table: Table, columns: list[int]) -> str:
    """Some columns of a table as lines of text without trailing blanks."""
    grid = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    grid.show_header = any(table.columns)
    for i in columns:
        side = "left" if i < table.keys else table.align
        grid.add_column(table.columns[i], justify=side, no_wrap=True)
    for row in table.rows:
        grid.add_row(*(row[i] for i in columns))
    wide = Console(width=10_000, color_system=None)
    with wide.capture() as capture:
        wide.print(grid)
    lines = [line.rstrip() for line in capture.get().splitlines()]
    return "\n".join(line for line in lines if line)


def markdown(table: Table) -> str:
    """The table in GitHub's Markdown, its title above and its notes below."""
    ruler = [":--"] * table.keys + ["--:"] * (len(table.columns) - table.keys)
    lines = [f"**{table.title}**", ""]
    lines += ["| " + " | ".join(cells) + " |" for cells in (table.columns, ruler, *table.rows)]
    for note in table.notes:
        lines += ["", note]
    return "\n".join(lines) + "\n"
