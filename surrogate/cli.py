"""The command line: parse, call, print.

Exit codes: 0 done; 1 not everything could be done (a task of a study failed; `optimize` found no
solution, or one that failed its audit); 2 the caller's mistake (a wrong value, a file or folder
that cannot be used); 130 interrupted.
Results go to stdout, progress and messages to stderr.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from surrogate.errors import BoxError, InputError, StoreError, SurrogateError

if TYPE_CHECKING:
    from surrogate.box import Box
    from surrogate.network import Network
    from surrogate.problems import Sense
    from surrogate.study import Results

app = typer.Typer(
    help="Which ReLU network belongs inside your optimization model.",
    epilog="Exit codes: 0 done, 1 incomplete or unsolved, 2 a wrong call, 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_SHOWN_FAILURES = 5

_Net = Annotated[Path, typer.Argument(help="A feed-forward ReLU network.", metavar="NET.onnx")]
_Box = Annotated[
    str | None,
    typer.Option(
        help="LOW:HIGH per input, joined by commas, or one LOW:HIGH for all.",
        show_default="the box in the file",
    ),
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def main() -> None:
    """Run the command line; a mistake of the caller ends in one message, not in a traceback."""
    try:
        app()
    except SurrogateError as exc:
        _complain(str(exc))
        sys.exit(2 if isinstance(exc, InputError | StoreError) else 1)


@app.command("run")
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
) -> None:
    """Train every layout, solve every net, and say which to use.

    Fills the results folder with results.sqlite, nets/*.onnx and report.html, and prints the
    tables. What is finished is safe: after an interrupt, repeat the command with --resume.

    A study file may set these keys (the values are the defaults, the origin's study):

    \b
      name = "xy-24"            the results go to runs/NAME
      function = "xy"           or "peaks", "rosenbrock", "friedman", "mixed5", "mixed10"
      neurons = 24              the neuron budget
      layouts = []              such as ["3x8", "12-8-4"]; empty: every LxW of the budget
      samples = 10000           training points
      recipe = "origin"         or "best": far more accurate, second-order training
      epochs = 100              of the origin's recipe
      restarts = 10
      seed = 0
      solver_seeds = [0, 1, 2]
      time_limit = 60.0         seconds per solve
    """
    from surrogate.report import ProgressDisplay
    from surrogate.study import Study
    from surrogate.study import run as run_study

    spec = Study.load(study) if study else Study()
    spec = spec.quick() if quick else spec
    folder = out or Path("runs", spec.name)
    try:
        with ProgressDisplay(Console(stderr=True)) as display:
            results = run_study(spec, folder, workers=workers, resume=resume, on_progress=display)
    except KeyboardInterrupt:
        _tell_what_is_safe(folder)
        raise typer.Exit(130) from None
    _show(results)
    for failure in results.failures[:_SHOWN_FAILURES]:
        _complain(f"failed: {failure}")
    if len(results.failures) > _SHOWN_FAILURES:
        _complain(f"and {len(results.failures) - _SHOWN_FAILURES} more failures")
    raise typer.Exit(0 if results.complete else 1)


def _tell_what_is_safe(folder: Path) -> None:
    from surrogate.study import Results

    try:
        stored = Results.load(folder)
    except StoreError:
        _complain("interrupted before there was anything to store")
        return
    _complain(
        f"interrupted; {len(stored.nets)} nets and {len(stored.solves)} solves are safe in "
        f"{folder}: repeat the command with --resume to finish"
    )


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="A results folder.", metavar="DIR")],
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
        _complain("nothing is solved yet; --resume finishes the run")
    with interrupts_held():  # for a second or two: a page is written whole
        page = write_page(results)
    Console(stderr=True).print(f"Report: {page}", highlight=False, soft_wrap=True)


@app.command()
def inspect(
    net_file: _Net,
    box: _Box = None,
    bounds: Annotated[
        str, typer.Option(help="Bounds method: interval, crown, lp, milp; each tighter and slower.")
    ] = "interval",
    as_json: _Json = False,
) -> None:
    """Show a network's layout, box and stability."""
    from surrogate.bounds import compute_bounds
    from surrogate.onnx_files import load
    from surrogate.report import layer_table, network_record, print_table, record_table

    net = load(net_file)
    domain = _domain(net, box)
    found = compute_bounds(net, domain, bounds) if domain else None
    record = network_record(net, found)
    if as_json:
        print(json.dumps(record))
        return
    print_table(record_table(str(net_file), record))
    if found:
        print_table(layer_table(found))
    else:
        _complain("the file holds no box, so there are no bounds: give --box LOW:HIGH,...")


@app.command("compile")
def compile_command(
    net_file: _Net,
    box: _Box = None,
    seconds: Annotated[float, typer.Option(help="How long to learn.")] = 30.0,
    seed: Annotated[int, typer.Option(help="Of the directions that are drawn.")] = 0,
    workers: Annotated[int, typer.Option(help="Processes that learn at once.")] = 1,
    as_json: _Json = False,
) -> None:
    """Learn the convex hull of a network's graph ahead of any model, and keep it beside the file.

    What is found goes to NET.cells.npz. surrogate.load and the other commands recall it, and
    models with several copies or linear constraints start from there. Repeat it to learn more.
    """
    from surrogate.cells import cells_path, known_tree, save_tree
    from surrogate.compiling import compile_network
    from surrogate.report import compiled_record, print_table, record_table

    net = _load(net_file)
    domain = _domain(net, box)
    if domain is None:
        raise BoxError(f"{net_file} holds no box; give --box LOW:HIGH,...")
    found = compile_network(net, domain, time_limit=seconds, seed=seed, workers=workers)
    save_tree(known_tree(net, domain), cells_path(net_file))
    record = compiled_record(found, cells_path(net_file))
    if as_json:
        print(json.dumps(record))
    else:
        print_table(record_table(str(net_file), record))


@app.command()
def optimize(
    net_file: _Net,
    maximize: Annotated[bool, typer.Option("--maximize", help="Find the largest value.")] = False,
    minimize: Annotated[bool, typer.Option("--minimize", help="Find the least; say one.")] = False,
    box: _Box = None,
    output: Annotated[int, typer.Option(help="Which output, counted from 0.")] = 0,
    encoding: Annotated[
        str,
        typer.Option(
            help="How the net becomes constraints: auto, omlt, bigm, partition, facets, regions "
            "or cells."
        ),
    ] = "auto",
    validity: Annotated[
        str,
        typer.Option(
            help="Where the net is trusted: box; hull, the convex hull of its training inputs; "
            "joint_hull, of these with their outputs."
        ),
    ] = "box",
    time_limit: Annotated[float, typer.Option(help="Seconds.")] = 60.0,
    seed: Annotated[int, typer.Option(help="HiGHS random seed.")] = 0,
    as_json: _Json = False,
) -> None:
    """Minimise or maximise an output over the box."""
    from surrogate.embedding import BigMWarning
    from surrogate.problems import box_problem
    from surrogate.report import print_table, record_table, solution_record
    from surrogate.solving import solve

    if maximize == minimize:
        raise InputError("say which optimum to find: --minimize or --maximize, one of them")
    net = _load(net_file)
    domain = _domain(net, box)
    if domain is None:
        raise BoxError(f"{net_file} holds no box; give --box LOW:HIGH,...")
    sense: Sense = "maximize" if maximize else "minimize"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", BigMWarning)
        problem = box_problem(
            net, sense, box=domain, output=output, encoding=encoding, validity=validity
        )
    for warning in caught:
        _complain(f"warning: {warning.message}")
    solution = solve(problem.model, time_limit=time_limit, seed=seed)
    record = solution_record(net, problem, solution)
    if as_json:
        print(json.dumps(record))
    else:
        print_table(record_table(f"{sense} output {output} of {net_file}", record))
    if record["within_hull"] is False:
        _complain("the optimum lies outside the hull of the training data: see --validity hull")
    if solution.has_solution and not record["audit_passed"]:
        _complain("the audit failed: the solver's answer is not what the network computes")
    raise typer.Exit(0 if record["audit_passed"] else 1)


def _load(net_file: Path) -> Network:
    """The network, and what is kept beside its file; a file that cannot be used is a message."""
    from surrogate.compiling import load

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        net = load(net_file)
    for warning in caught:
        _complain(f"warning: {warning.message}")
    return net


def _domain(net: Network, text: str | None) -> Box | None:
    """The box that `--box` names, within the one that the file holds; None when neither does."""
    if text is None:
        return net.box
    try:
        pairs = [tuple(float(end) for end in part.split(":")) for part in text.split(",")]
        if any(len(pair) != 2 for pair in pairs):
            raise ValueError
    except ValueError:
        raise BoxError(
            f"--box {text!r} is not understood; write LOW:HIGH per input, such as -1:1,0:5"
        ) from None
    wanted = net.domain(pairs * net.n_inputs if len(pairs) == 1 else pairs)
    if net.box is None:
        return wanted
    try:
        common = wanted.intersect(net.box)
    except BoxError as exc:
        raise BoxError(
            f"--box {text} and the file's box {net.box} have no common point ({exc}); "
            "choose a box within the file's, where the network was trained"
        ) from None
    if common != wanted:
        _complain(f"warning: --box reaches beyond the file's box {net.box}; using {common}")
    return common


def _complain(message: str) -> None:
    console = Console(stderr=True)
    console.print(
        f"surrogate: {message}", style="red", highlight=False, markup=False, soft_wrap=True
    )
