"""What goes where: results to stdout, as JSON when asked; progress and messages to stderr."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@contextmanager
def told(*categories: type[Warning]) -> Iterator[None]:
    """Within, warnings of these categories are messages on stderr."""

    def tell(message: Warning | str, *_: object, **__: object) -> None:
        complain(f"warning: {message}")

    with warnings.catch_warnings():
        for category in categories:
            warnings.simplefilter("always", category)
        warnings.showwarning = tell
        yield


def complain(message: str) -> None:
    """One message on stderr."""
    console = Console(stderr=True)
    console.print(
        f"surrogate: {message}", style="red", highlight=False, markup=False, soft_wrap=True
    )
