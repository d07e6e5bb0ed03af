"""The peers: which there are, and an `Instance` in SCIP's and Gurobi's own modelling language.

    omlt         OMLT's own big-M formulation in Pyomo, solved by HiGHS: see omlt_models.py
    scip-sos     PySCIPOpt-ML's default formulation (SOS1), solved by SCIP
    scip-bigm    PySCIPOpt-ML's big-M formulation, solved by SCIP
    gurobi       gurobi-machinelearning, solved by Gurobi

`Peer.load` imports a peer and returns `build` and `run`, so that neither import nor start-up lies
inside the clock that times the two. SCIP's and Gurobi's take the net as a float64
`torch.nn.Sequential`, by the documented `add_sequential_constr`: all copies in one call, as (T, d)
inputs. An `sklearn.neural_network.MLPRegressor` with the same weights gave the same times. Solver
options other than thread, gap, seed and time are the defaults.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np
from omlt_models import load_omlt
from timing import Answer, Clock

from surrogate.network import Network
from surrogate.problems import Instance
from surrogate.programs import Program

Build = Callable[[Any, Instance], Any]
Run = Callable[[Any, Clock, int, float], Answer]

GUROBI_REFUSALS = {10009: "no licence", 10010: "too large for the limited licence"}


@dataclass(frozen=True)
class Peer:
    """A package on its solver: the distributions' versions are printed under the tables.

    load      imports both and returns how to build and how to run a model
    convert   turns the network into what the package takes for a predictor
    """

    name: str
    modules: tuple[str, ...]
    versions: tuple[str, ...]
    load: Callable[[], tuple[Build, Run]]
    convert: Callable[[Network], Any]

    @property
    def installed(self) -> bool:
        """Whether the package and its solver's interface can be found."""
        return all(find_spec(module) is not None for module in self.modules)


def torch_module(net: Network) -> Any:
    """The network as a float64 `torch.nn.Sequential` of Linear and ReLU."""
    import torch

    modules: list[torch.nn.Module] = []
    for w, b in zip(net.weights, net.biases, strict=True):
        linear = torch.nn.Linear(*w.shape, dtype=torch.float64)
        linear.load_state_dict({"weight": torch.tensor(w.T.copy()), "bias": torch.tensor(b.copy())})
        modules += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*modules[:-1])


def rows_of(program: Program) -> Iterator[tuple[tuple[Any, Any], float, float]]:
    """Columns and values of each row, and its two sides."""
    matrix = program.matrix
    sides = zip(program.row_lower.tolist(), program.row_upper.tolist(), strict=True)
    for (start, end), (lower, upper) in zip(pairwise(matrix.indptr), sides, strict=True):
        yield (matrix.indices[start:end], matrix.data[start:end]), lower, upper


def load_scip(formulation: str) -> tuple[Build, Run]:
    """SCIP through PySCIPOpt-ML, with the formulation `sos` (its default) or `bigm`."""
    import pyscipopt
    from pyscipopt_ml.torch import add_sequential_constr

    def build(predictor: Any, instance: Instance) -> Any:
        model, program = pyscipopt.Model(), instance.program
        model.hideOutput()
        kinds = np.where(program.integer, "I", "C")
        v = np.array(
            [
                model.addVar(lb=_finite(lower), ub=_finite(upper), vtype=str(kind))
                for lower, upper, kind in zip(program.lower, program.upper, kinds, strict=True)
            ]
        )
        x, y = v[instance.inputs], v[instance.outputs][:, None]
        add_sequential_constr(model, predictor, x, y, formulation=formulation)
        for (columns, values), lower, upper in rows_of(program):
            body = _dot(values, v[columns])
            if lower == upper:
                model.addCons(body == lower)
            elif np.isinf(lower):
                model.addCons(body <= upper)
            else:
                model.addCons(body >= lower)
                if np.isfinite(upper):
                    model.addCons(body <= upper)
        used = np.flatnonzero(program.cost)
        objective = _dot(instance.sign * program.cost[used], v[used])
        model.setObjective(objective + instance.sign * program.offset, "minimize")
        model.data = x
        return model

    def _finite(bound: float) -> float | None:
        return float(bound) if np.isfinite(bound) else None

    def _dot(coefficients: Any, variables: Any) -> Any:
        pairs = zip(coefficients, variables, strict=True)
        return pyscipopt.quicksum(float(c) * v for c, v in pairs)

    def run(model: Any, clock: Clock, seed: int, rel_gap: float) -> Answer:
        model.setParam("limits/gap", rel_gap)
        model.setParam("randomization/randomseedshift", seed)
        model.setParam("lp/threads", 1)
        model.setParam("limits/time", clock.left())
        model.optimize()
        found = model.getNSols() > 0
        status = {"optimal": "optimal", "gaplimit": "optimal", "timelimit": "timeout"}
        bound = model.getDualbound()
        return Answer(
            status.get(model.getStatus(), model.getStatus()),
            float(model.getObjVal()) if found else None,
            None if abs(bound) >= model.infinity() else float(bound),
            tuple(float(model.getVal(v)) for v in model.data.ravel()) if found else (),
        )

    return build, run


def load_gurobi() -> tuple[Build, Run]:
    """Gurobi through gurobi-machinelearning; where the licence refuses, the answer says so."""
    import gurobipy
    from gurobi_ml.torch import add_sequential_constr

    env = gurobipy.Env(params={"OutputFlag": 0, "Threads": 1})
    infinity = gurobipy.GRB.INFINITY

    def build(predictor: Any, instance: Instance) -> Any:
        model, program = gurobipy.Model(env=env), instance.program
        kinds = np.where(program.integer, "I", "C")
        v = model.addMVar(program.n_columns, lb=program.lower, ub=program.upper, vtype=kinds)
        x, y = v[instance.inputs], v[instance.outputs].reshape(-1, 1)
        add_sequential_constr(model, predictor, x, y)
        lower, upper = program.row_lower, program.row_upper
        for relation, sides, kept in (
            ("=", upper, lower == upper),
            ("<", upper, (lower != upper) & np.isfinite(upper)),
            (">", lower, (lower != upper) & np.isfinite(lower)),
        ):
            if kept.any():
                model.addMConstr(program.matrix[kept], v, relation, sides[kept])
        objective = instance.sign * program.cost @ v + instance.sign * program.offset
        model.setObjective(objective, gurobipy.GRB.MINIMIZE)
        model._inputs = x.reshape(-1)
        return model

    def run(model: Any, clock: Clock, seed: int, rel_gap: float) -> Answer:
        model.Params.MIPGap = rel_gap
        model.Params.Seed = seed
        model.Params.TimeLimit = clock.left()
        try:
            model.optimize()
        except gurobipy.GurobiError as error:
            if error.errno in GUROBI_REFUSALS:
                return Answer("refused", note=GUROBI_REFUSALS[error.errno])
            raise
        codes = gurobipy.GRB.Status
        status = {codes.OPTIMAL: "optimal", codes.TIME_LIMIT: "timeout"}
        found = model.SolCount > 0
        return Answer(
            status.get(model.Status, f"status {model.Status}"),
            float(model.ObjVal) if found else None,
            float(model.ObjBound) if abs(model.ObjBound) < infinity else None,
            tuple(map(float, model._inputs.X)) if found else (),
        )

    return build, run


_SCIP = ("pyscipopt_ml", "pyscipopt"), ("PySCIPOpt-ML", "PySCIPOpt")
_GUROBI = ("gurobi_ml", "gurobipy"), ("gurobi-machinelearning", "gurobipy")
PEERS = {
    "omlt": Peer("OMLT + HiGHS", ("omlt",), ("omlt", "highspy"), load_omlt, lambda net: net),
    "scip-sos": Peer("PySCIPOpt-ML + SCIP", *_SCIP, lambda: load_scip("sos"), torch_module),
    "scip-bigm": Peer("PySCIPOpt-ML big-M + SCIP", *_SCIP, lambda: load_scip("bigm"), torch_module),
    "gurobi": Peer("gurobi-ml + Gurobi", *_GUROBI, load_gurobi, torch_module),
}
