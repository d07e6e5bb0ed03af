"""Tables as text: for the terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console

from surrogate.report.table import Table

_EDGE, _GAP = " ", "  "  # before a line, and between columns


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
    widths = [width + len(_GAP) for width in _widths(table)]
    keys = list(range(table.keys))
    parts: list[list[int]] = [[]]
    for i in range(table.keys, len(table.columns)):
        used = sum(widths[j] for j in (*keys, *parts[-1], i))
        if parts[-1] and used > width:
            parts.append([])
        parts[-1].append(i)
    return [[*keys, *part] for part in parts]


def _widths(table: Table) -> list[int]:
    """How many places on a terminal each column needs."""
    return [
        max(cell_len(text) for text in (heading, *(row[i] for row in table.rows)))
        for i, heading in enumerate(table.columns)
    ]


def _grid(table: Table, columns: Sequence[int]) -> str:
    """Some columns of a table as lines of text without trailing blanks.

    By hand: rich would take half a second for 300 rows, and text in brackets for markup.
    """
    widths = _widths(table)

    def line(row: Sequence[str]) -> str:
        cells = []
        for i in columns:
            blanks = " " * (widths[i] - cell_len(row[i]))
            left = i < table.keys or table.align == "left"
            cells.append(row[i] + blanks if left else blanks + row[i])
        return (_EDGE + _GAP.join(cells)).rstrip()

    rule = _EDGE + "─" * (sum(widths[i] for i in columns) + len(_GAP) * (len(columns) - 1))
    heading = [line(table.columns), rule] if any(table.columns) else []
    return "\n".join([*heading, *(line(row) for row in table.rows)])


def markdown(table: Table) -> str:
    """The table in GitHub's Markdown, its title above and its notes below."""
    ruler = [":--"] * table.keys + ["--:"] * (len(table.columns) - table.keys)
    lines = [f"**{table.title}**", ""]
    lines += ["| " + " | ".join(cells) + " |" for cells in (table.columns, ruler, *table.rows)]
    for note in table.notes:
        lines += ["", note]
    return "\n".join(lines) + "\n"
