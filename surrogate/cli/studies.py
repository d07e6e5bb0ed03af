"""Commands on studies: run one, show its tables again, choose from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from surrogate.cli.output import Json, complain, told
from surrogate.errors import NoChoiceError, StoreError

if TYPE_CHECKING:
    from surrogate.study import Results

_SHOWN_FAILURES = 5

_Folder = Annotated[Path, typer.Argument(help="A results folder.", metavar="DIR")]


def run_command(
    study: Annotated[
        Path | None,
        typer.Argument(help="A study file; without one, the origin's study.", metavar="STUDY.toml"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Results folder.", show_default="runs/NAME")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="2 restarts and 5 epochs, into runs/NAME-quick.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(help="Tasks at once.", show_default="the number of cores")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Finish what an interrupted run began.")
    ] = False,
    refine: Annotated[
        int,
        typer.Option(
            help="Rounds in which the truth is asked at a problem's decisions, and the best "
            "restart of each layout trained again.",
            metavar="K",
        ),
    ] = 0,
) -> None:
    """Train every layout by every recipe, solve every net, and say which to use.

    Fills the results folder with results.sqlite, nets/*.onnx and report.html, and prints the
    tables. What is finished is safe: after an interrupt, repeat the command with --resume.

    A study file may set these keys (the values are the defaults, the origin's study):

    \b
      name = "xy-24"            the results go to runs/NAME
      function = "xy"           or another of surrogate.functions, such as "peaks"
      problem = "box"           what is solved: minimise and maximise the net over its box; or
                                "haverly1" and others of surrogate.problems; or a Python file
                                with build(surrogate), such as "own_problem.py"
      data = ""                 a CSV file to learn from, where no function is known,
      outputs = []              its columns that are outputs,
      inputs = []               and those that are inputs; empty: all others
      validity = ""             or "box", "hull", "joint_hull": where a net is trusted
      encodings = ["omlt"]      how nets are embedded, such as ["auto", "omlt"]
      neurons = 24              the neuron budget
      layouts = []              such as ["3x8", "12-8-4"]; empty: every LxW of the budget
      samples = 10000           training points
      recipes = ["origin"]      or "best", far more accurate, second-order training; or both
      epochs = 100              of the origin's recipe
      restarts = 10
      seed = 0
      solver_seeds = [0, 1, 2]
      time_limit = 60.0         seconds per solve
    """
    from surrogate.report import ProgressDisplay
    from surrogate.study import Study
    from surrogate.study import run as run_study
    from surrogate.validity import HullWarning

    spec = Study.load(study) if study else Study()
    spec = spec.quick() if quick else spec
    folder = out or Path("runs", spec.name)
    try:
        with told(HullWarning), ProgressDisplay(Console(stderr=True)) as display:
            results = run_study(
                spec, folder, workers=workers, resume=resume, refine=refine, on_progress=display
            )
    except KeyboardInterrupt:
        _tell_what_is_safe(folder)
        raise typer.Exit(130) from None
    _show(results)
    for failure in results.failures[:_SHOWN_FAILURES]:
        complain(f"failed: {failure}")
    if len(results.failures) > _SHOWN_FAILURES:
        complain(f"and {len(results.failures) - _SHOWN_FAILURES} more failures")
    raise typer.Exit(0 if results.complete and not results.failures else 1)


def _tell_what_is_safe(folder: Path) -> None:
    from surrogate.study import Results
    from surrogate.study.asking import kept_in
    from surrogate.study.store import nets_folder

    again = "repeat the command with --resume to finish"
    try:
        stored = Results.load(folder)
    except StoreError:
        if kept_in(nets_folder(folder)).is_file():
            complain(f"interrupted; what the truth said is safe in {folder}: {again}")
        else:
            complain("interrupted before there was anything to store")
        return
    rounds = stored.refinements[stored.refinements["round"] > 0]
    refined = f", {len(rounds)} rounds of refinement" if len(rounds) else ""
    complain(
        f"interrupted; {len(stored.nets)} nets, {len(stored.solves)} solves{refined} are safe in "
        f"{folder}: {again}"
    )


def report(
    folder: _Folder,
) -> None:
    """Print a stored run's tables, rewrite its page."""
    from surrogate.study import Results

    _show(Results.load(folder))


def _show(results: Results) -> None:
    from surrogate.isolation import interrupts_held
    from surrogate.report import print_table, recommendation, report_tables, write_page

    for table in report_tables(results):
        print_table(table)
    if len(results.solves):
        print(recommendation(results))
    else:
        complain("nothing is solved yet; --resume finishes the run")
    with interrupts_held():  # for a second or two: a page is written whole
        page = write_page(results)
    Console(stderr=True).print(f"Report: {page}", highlight=False, soft_wrap=True)


def choose(
    folder: _Folder,
    max_mae: Annotated[float | None, typer.Option(help="Largest test MAE to accept.")] = None,
    max_regret: Annotated[
        float | None, typer.Option(help="Largest regret to accept; 0.02 is 2 %.")
    ] = None,
    max_seconds: Annotated[
        float | None, typer.Option(help="Longest solve to accept, in seconds.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare every architecture of a stored run, and say which to use within limits.

    An architecture is a layout, the recipe that trained it and the encoding that embeds it. The
    table has the Pareto front against solve time: of regret where the problem's optimum is known,
    else of how far decisions stay behind the best one found, or without a truth of MAE.
    Where no architecture meets the limits the closest is named, with --json too, and the exit code
    is 2.
    """
    from surrogate.report import choice_record, front_table, print_table
    from surrogate.study import Results

    results = Results.load(folder)
    limits = {"max_mae": max_mae, "max_regret": max_regret, "max_seconds": max_seconds}
    if not results.stored:
        complain("the study is not finished; the command that started it goes on with --resume")
    try:
        choice = results.recommend(**limits)
    except NoChoiceError as error:
        if as_json:
            print(json.dumps(choice_record(results, error)))
        raise
    if as_json:
        print(json.dumps(choice_record(results, choice)))
        return
    print_table(front_table(results))
    print(choice.sentence)
