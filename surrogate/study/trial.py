"""The two tasks of a study, as pure functions of frozen tasks: train one layout, solve one problem.

Each runs in a process of its own (`surrogate.study.isolation`). What they return are the rows of
the store, so a row's fields are documented here and nowhere else.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

import numpy as np

from surrogate.bounds import compute_bounds
from surrogate.box import FloatArray
from surrogate.datasets import Dataset
from surrogate.embedding import BigMWarning
from surrogate.errors import StoreError
from surrogate.network import Network
from surrogate.onnx_files import load, save
from surrogate.problems import Sense, box_problem
from surrogate.solving import solve
from surrogate.study.isolation import Report
from surrogate.study.spec import Study
from surrogate.training import Trained


@dataclass(frozen=True)
class TrainingTask:
    """Train every restart of `layout` and write each to `folder`/LAYOUT-rNN.onnx."""

    study: Study
    layout: str
    folder: Path

    def __str__(self) -> str:
        """The task in a progress line."""
        return f"train {self.layout}"


@dataclass(frozen=True)
class NetRow:
    """One trained network. Errors are in the units of the function's output.

    mae, mse, max_error         mean absolute, mean squared and largest error on the test grid
    training_mae                mean absolute error on the training points; it ranks the restarts
    dead                        a hidden layer is inactive at every test point: constant output
    active, inactive, unstable  hidden neurons by their interval bounds on the box
    onnxruntime_error           largest |onnxruntime - float64 forward pass| at 1000 points, on the
                                exported file
    seconds                     training time of its batch divided by the batch's restarts
    curve                       training loss per epoch
    """

    layout: str
    restart: int
    file: str
    content_hash: str
    mae: float
    mse: float
    max_error: float
    training_mae: float
    dead: bool
    active: int
    inactive: int
    unstable: int
    onnxruntime_error: float
    seconds: float
    curve: tuple[float, ...]


@dataclass(frozen=True)
class SolveTask:
    """Load the network of one restart, embed it, and minimise or maximise it over its box."""

    layout: str
    restart: int
    path: Path
    content_hash: str
    sense: Sense
    solver_seed: int
    encoding: str
    time_limit: float

    def __str__(self) -> str:
        """The task in a progress line."""
        return f"{self.sense} {self.layout} restart {self.restart} seed {self.solver_seed}"


@dataclass(frozen=True)
class SolveRow:
    """One solve. Sizes count the embedded network; times are seconds of wall clock.

    largest_m        the largest big-M in the model
    build_seconds    from the loaded network to the finished Pyomo model
    solve_seconds    from the Pyomo model to the loaded solution
    audit_error      largest |value in the model - float64 forward pass|; None without a solution
    pattern_matches  every binary agrees with the true activation pattern
    audit_passed     the pattern matches and the audit error is at most 1e-6
    message          why there is no answer, when there is none
    """

    layout: str
    restart: int
    sense: str
    solver_seed: int
    encoding: str
    status: str
    variables: int | None = None
    binaries: int | None = None
    constraints: int | None = None
    nonzeros: int | None = None
    largest_m: float | None = None
    build_seconds: float | None = None
    solve_seconds: float | None = None
    objective: float | None = None
    bound: float | None = None
    nodes: int | None = None
    iterations: int | None = None
    audit_error: float | None = None
    pattern_matches: bool | None = None
    audit_passed: bool | None = None
    message: str = ""


def train_layout(task: TrainingTask, report: Report) -> list[NetRow]:
    """Train all restarts as one batch, export each, and measure the exported file's network."""
    from surrogate.training.origin import train_origin  # here, so that solving never loads torch

    study, truth = task.study, task.study.truth
    data = Dataset.sample(truth, study.samples, np.random.default_rng([study.seed]))
    start = perf_counter()
    trained = train_origin(
        data,
        task.layout,
        box=truth.box,
        output_range=truth.range,
        restarts=range(study.restarts),
        epochs=study.epochs,
        seed=study.seed,
        on_epoch=lambda epoch: report(epoch / study.epochs),
    )
    seconds = (perf_counter() - start) / study.restarts
    grid = truth.grid()
    values = truth(grid)
    return [_net_row(task, one, seconds, data, grid, values) for one in trained]


def solve_problem(task: SolveTask, report: Report) -> SolveRow:  # noqa: ARG001 - too short to report
    """Load, embed, solve, audit."""
    net = load(task.path)
    if net.content_hash != task.content_hash:
        raise StoreError(
            f"{task.path} does not hold the network that was trained; "
            "resume the run, which trains a layout again whose files have changed"
        )
    start = perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BigMWarning)  # the row says it: largest_m, audit_error
        problem = box_problem(net, task.sense, encoding=task.encoding)
    build_seconds = perf_counter() - start
    solution = solve(problem.model, time_limit=task.time_limit, seed=task.solver_seed)
    audit = problem.embedding.audit() if solution.has_solution else None
    size = problem.embedding.size
    return SolveRow(
        layout=task.layout,
        restart=task.restart,
        sense=task.sense,
        solver_seed=task.solver_seed,
        encoding=problem.embedding.encoding,
        status=str(solution.status),
        variables=size.variables,
        binaries=size.binaries,
        constraints=size.constraints,
        nonzeros=size.nonzeros,
        largest_m=problem.embedding.activations.largest_m,
        build_seconds=build_seconds,
        solve_seconds=solution.seconds,
        objective=solution.objective,
        bound=solution.bound,
        nodes=solution.nodes,
        iterations=solution.iterations,
        audit_error=audit.error if audit else None,
        pattern_matches=audit.pattern_matches if audit else None,
        audit_passed=audit.passed if audit else None,
        message="" if solution.has_solution else solution.advice,
    )


def _with_provenance(net: Network, study: Study, restart: int) -> Network:
    """The network with what is needed to make it again."""
    return replace(
        net,
        provenance={
            "made_by": f"surrogate {version('surrogate')}",
            "recipe": "origin",
            "function": study.truth.formula,
            "samples": str(study.samples),
            "epochs": str(study.epochs),
            "seed": str(study.seed),
            "restart": str(restart),
            "torch": version("torch"),
        },
    )


def _net_row(
    task: TrainingTask,
    trained: Trained,
    seconds: float,
    data: Dataset,
    grid: FloatArray,
    values: FloatArray,
) -> NetRow:
    """Export one restart and measure the network as the file holds it."""
    path = task.folder / f"{task.layout}-r{trained.restart:02d}.onnx"
    save(_with_provenance(trained.network, task.study, trained.restart), path)
    net = load(path)
    layers = net.preactivations(grid)
    error = np.abs(layers[-1] - values)
    counts = compute_bounds(net).counts()
    return NetRow(
        layout=task.layout,
        restart=trained.restart,
        file=path.name,
        content_hash=net.content_hash,
        mae=float(error.mean()),
        mse=float((error**2).mean()),
        max_error=float(error.max()),
        training_mae=float(np.abs(net(data.inputs) - data.outputs).mean()),
        dead=any(bool((a <= 0).all()) for a in layers[:-1]),
        active=counts.active,
        inactive=counts.inactive,
        unstable=counts.unstable,
        onnxruntime_error=onnxruntime_error(net, path, data.inputs[:1000]),
        seconds=seconds,
        curve=tuple(trained.curve.tolist()),
    )


def onnxruntime_error(net: Network, path: Path, points: FloatArray) -> float:
    """Largest |onnxruntime on the file - float64 forward pass| at `points` of shape (n, d)."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        path.read_bytes(), options, providers=["CPUExecutionProvider"]
    )
    entry = session.get_inputs()[0]
    x = points.astype(np.float32 if entry.type == "tensor(float)" else np.float64)
    (theirs,) = session.run(None, {entry.name: x})
    return float(np.abs(theirs - net(x)).max())
