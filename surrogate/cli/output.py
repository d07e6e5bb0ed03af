"""What goes where: results to stdout, as JSON when asked; progress and messages to stderr."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def complain(message: str) -> None:
    """One message on stderr."""
    console = Console(stderr=True)
    console.print(
        f"surrogate: {message}", style="red", highlight=False, markup=False, soft_wrap=True
    )
