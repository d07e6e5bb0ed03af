"""The command line: parse, call, print. One file per family of commands.

Exit codes: 0 done; 1 not everything could be done (a task of a study failed; `optimize` found no
solution, or one that failed its audit); 2 the caller's mistake (a wrong value, a file or folder
that cannot be used, limits that no architecture meets); 130 interrupted.
Results go to stdout, progress and messages to stderr.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

import typer

from surrogate.cli import networks, studies
from surrogate.cli.output import complain
from surrogate.errors import InputError, StoreError, SurrogateError

_COMMANDS: Mapping[str, Callable[..., None]] = {
    "run": studies.run_command,
    "report": studies.report,
    "choose": studies.choose,
    "inspect": networks.inspect,
    "compile": networks.compile_command,
    "optimize": networks.optimize,
}

app = typer.Typer(
    help="Which ReLU network belongs inside your optimization model.",
    epilog="Exit codes: 0 done, 1 incomplete or unsolved, 2 a wrong call, 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _name, _command in _COMMANDS.items():
    app.command(_name)(_command)


def main() -> None:
    """Run the command line; a mistake of the caller ends in one message, not in a traceback."""
    try:
        app()
    except SurrogateError as exc:
        complain(str(exc))
        sys.exit(2 if isinstance(exc, InputError | StoreError) else 1)
