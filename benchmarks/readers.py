"""Which ONNX files each package can put into an optimization model.

    pip install -e ".[peers]" && python benchmarks/readers.py DIR

For every .onnx file in DIR: surrogate's, OMLT's, gurobi-machinelearning's and PySCIPOpt-ML's own
reader, up to a built model with all inputs in [-1, 1]. Nothing is solved, so Gurobi's free licence
is enough. A package that is not installed has "-" in its column. The last line counts.
"""

from __future__ import annotations

import contextlib
import io
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import pyomo.environ as pyo

from surrogate.embedding import embed
from surrogate.onnx_files import load


def _surrogate(path: Path) -> None:
    net = load(path)
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(net.n_inputs), bounds=(-1.0, 1.0))
    model.net = pyo.Block()
    embed(model.net, replace(net, box=None), model.x)


def _omlt(path: Path) -> None:
    from omlt import OmltBlock
    from omlt.io.onnx import load_onnx_neural_network
    from omlt.neuralnet import FullSpaceNNFormulation

    # The bounds' keys depend on the file's batch dimension: ask for them first, as a user would.
    (first,) = load_onnx_neural_network(onnx.load(path)).input_layers
    bounds = dict.fromkeys(first.input_indexes, (-1.0, 1.0))
    if all(len(index) == 1 for index in bounds):
        bounds = {index: bound for (index,), bound in bounds.items()}
    net = load_onnx_neural_network(onnx.load(path), input_bounds=bounds)
    model = pyo.ConcreteModel()
    model.net = OmltBlock()
    model.net.build_formulation(FullSpaceNNFormulation(net))


def _gurobi(path: Path) -> None:
    import gurobipy
    from gurobi_ml.onnx import add_onnx_constr

    with gurobipy.Env(params={"OutputFlag": 0}) as env, gurobipy.Model(env=env) as model:
        x = model.addMVar((1, _n_inputs(path)), lb=-1.0, ub=1.0)
        add_onnx_constr(model, onnx.load(path), x)


def _scip(path: Path) -> None:
    import pyscipopt
    from pyscipopt_ml.onnx import add_onnx_constr

    model = pyscipopt.Model()
    x = [[model.addVar(lb=-1.0, ub=1.0) for _ in range(_n_inputs(path))]]
    add_onnx_constr(model, onnx.load(path), np.array(x))


READERS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "surrogate": ("surrogate", _surrogate),
    "OMLT": ("omlt", _omlt),
    "gurobi-ml": ("gurobi_ml", _gurobi),
    "PySCIPOpt-ML": ("pyscipopt_ml", _scip),
}


def _n_inputs(path: Path) -> int:
    """The number of inputs that the file declares; the batch dimension comes first."""
    graph = onnx.load(path).graph
    weights = {tensor.name for tensor in graph.initializer}
    (entry,) = [value for value in graph.input if value.name not in weights]
    dimensions = [d.dim_value for d in entry.type.tensor_type.shape.dim]
    return int(np.prod(dimensions[1:]))


def verdict(package: str, read: Callable[[Path], None], path: Path) -> str:
    """`builds`, the name of what was raised, or `-` without the package."""
    if find_spec(package) is None:
        return "-"
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            read(path)
    except Exception as exc:
        return type(exc).__name__
    return "builds"


def counts(rows: dict[str, list[str]]) -> list[str]:
    """How many files each package builds, `-` without the package."""
    columns = list(zip(*rows.values(), strict=True))
    return ["-" if "-" in column else str(column.count("builds")) for column in columns]


def main() -> None:
    """Print the table."""
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} DIR, a folder with .onnx files")
    paths = sorted(Path(sys.argv[1]).glob("*.onnx"))
    rows = {p.stem: [verdict(package, r, p) for package, r in READERS.values()] for p in paths}
    width = max(map(len, rows), default=4) + 2
    print(" " * width + "".join(f"{name:24}" for name in READERS))
    for name, verdicts in rows.items():
        print(f"{name:{width}}" + "".join(f"{v:24}" for v in verdicts))
    print(f"{'of ' + str(len(rows)):{width}}" + "".join(f"{c:24}" for c in counts(rows)))


if __name__ == "__main__":
    main()
