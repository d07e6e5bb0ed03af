"""Commands on one network: look at it, learn its hull, optimize it over its box."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from surrogate.cli.output import Json, complain, told
from surrogate.errors import BoxError, InputError

if TYPE_CHECKING:
    from surrogate.box import Box
    from surrogate.conventions import Sense
    from surrogate.network import Network

_Net = Annotated[Path, typer.Argument(help="A feed-forward ReLU network.", metavar="NET.onnx")]
_Box = Annotated[
    str | None,
    typer.Option(
        help="LOW:HIGH per input, joined by commas, or one LOW:HIGH for all.",
        show_default="the box in the file",
    ),
]


def inspect(
    net_file: _Net,
    box: _Box = None,
    bounds: Annotated[
        str, typer.Option(help="Bounds method: interval, crown, lp, milp; each tighter and slower.")
    ] = "interval",
    as_json: Json = False,
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
        complain("the file holds no box, so there are no bounds: give --box LOW:HIGH,...")


def compile_command(
    net_file: _Net,
    box: _Box = None,
    seconds: Annotated[
        float, typer.Option(help="How long to learn; a third of it, at most, to measure.")
    ] = 30.0,
    seed: Annotated[int, typer.Option(help="Of the random models that are solved.")] = 0,
    workers: Annotated[int, typer.Option(help="Processes that learn at once.")] = 1,
    as_json: Json = False,
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
    as_json: Json = False,
) -> None:
    """Minimise or maximise an output over the box."""
    from surrogate.embedding import BigMWarning
    from surrogate.problems import box_problem
    from surrogate.report import print_table, record_table, solution_record
    from surrogate.solving import solve
    from surrogate.validity import HullWarning

    if maximize == minimize:
        raise InputError("say which optimum to find: --minimize or --maximize, one of them")
    net = _load(net_file)
    domain = _domain(net, box)
    if domain is None:
        raise BoxError(f"{net_file} holds no box; give --box LOW:HIGH,...")
    sense: Sense = "maximize" if maximize else "minimize"
    with told(BigMWarning, HullWarning):
        problem = box_problem(
            net, sense, box=domain, output=output, encoding=encoding, validity=validity
        )
    solution = solve(problem.model, time_limit=time_limit, seed=seed)
    record = solution_record(net, problem, solution)
    if as_json:
        print(json.dumps(record))
    else:
        print_table(record_table(f"{sense} output {output} of {net_file}", record))
    if record["within_hull"] is False:
        complain("the optimum lies outside the hull of the training data: see --validity hull")
    if solution.has_solution and not record["audit_passed"]:
        complain("the audit failed: the solver's answer is not what the network computes")
    raise typer.Exit(0 if record["audit_passed"] else 1)


def _load(net_file: Path) -> Network:
    """The network, and what is kept beside its file; a file that cannot be used is a message."""
    from surrogate.compiling import load

    with told(Warning):
        return load(net_file)


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
        complain(f"warning: --box reaches beyond the file's box {net.box}; using {common}")
    return common
