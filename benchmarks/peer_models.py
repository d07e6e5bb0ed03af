"""The peers: which there are, and the linked problem in SCIP's and Gurobi's own modelling language.

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

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from omlt_models import load_omlt
from timing import Answer, Clock

from surrogate.box import Box
from surrogate.network import Network
from surrogate.problems import LinkedData

Build = Callable[[Any, Box, LinkedData], Any]
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


def load_scip(formulation: str) -> tuple[Build, Run]:
    """SCIP through PySCIPOpt-ML, with the formulation `sos` (its default) or `bigm`."""
    import pyscipopt
    from pyscipopt_ml.torch import add_sequential_constr

    def build(predictor: Any, box: Box, data: LinkedData) -> Any:
        model, copies = pyscipopt.Model(), len(data.weights)
        model.hideOutput()
        x = np.array([[model.addVar(lb=a, ub=b) for a, b in box.pairs()] for _ in range(copies)])
        y = np.array([[model.addVar(lb=None, ub=None)] for _ in range(copies)])
        add_sequential_constr(model, predictor, x, y, formulation=formulation)
        flat = x.ravel()
        for row, limit in zip(data.rows, data.limits, strict=True):
            model.addCons(_dot(row, flat) <= float(limit))
        model.addCons(_dot(data.tie, flat) == data.total)
        model.setObjective(_dot(data.weights, y.ravel()), "minimize")
        model.data = x
        return model

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

    def build(predictor: Any, box: Box, data: LinkedData) -> Any:
        model, copies = gurobipy.Model(env=env), len(data.weights)
        shape = (copies, box.n_inputs)
        lower, upper = np.broadcast_to(box.lower, shape), np.broadcast_to(box.upper, shape)
        x = model.addMVar(shape, lb=lower, ub=upper)
        y = model.addMVar((copies, 1), lb=-infinity)
        add_sequential_constr(model, predictor, x, y)
        flat = x.reshape(-1)
        model.addConstr(data.rows @ flat <= data.limits)
        model.addConstr(data.tie @ flat == data.total)
        model.setObjective(data.weights @ y.reshape(-1), gurobipy.GRB.MINIMIZE)
        model._inputs = flat
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
