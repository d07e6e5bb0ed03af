"""The two tasks of a study, as pure functions of frozen tasks: train one layout, solve one problem.

Each runs in a process of its own (`surrogate.isolation`) and returns rows of the store.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

import numpy as np

from surrogate.bounds import compute_bounds
from surrogate.box import FloatArray
from surrogate.datasets import Dataset
from surrogate.embedding import BigMWarning
from surrogate.errors import StoreError
from surrogate.isolation import Report
from surrogate.network import Network
from surrogate.onnx_files import load, save
from surrogate.problems import box_problem
from surrogate.solving import solve
from surrogate.study.rows import NetRow, SolveRow, SolveTask, TrainingTask
from surrogate.study.spec import Study
from surrogate.training import Trained, train


def train_layout(task: TrainingTask, report: Report) -> list[NetRow]:
    """Train all restarts as one batch, export each, and measure the exported file's network."""
    study, truth = task.study, task.study.truth
    data = Dataset.sample(truth, study.samples, np.random.default_rng([study.seed]))
    start = perf_counter()
    recipe = _by_origin if study.recipe == "origin" else _by_best
    trained = recipe(task, data, report)
    seconds = (perf_counter() - start) / study.restarts
    grid = truth.grid()
    values = truth(grid)
    return [_net_row(task, one, seconds, data, grid, values) for one in trained]


def _by_origin(task: TrainingTask, data: Dataset, report: Report) -> list[Trained]:
    from surrogate.training.origin import train_origin  # here, so that solving never loads torch

    study = task.study
    return train_origin(
        data,
        task.layout,
        box=study.truth.box,
        output_range=study.truth.range,
        restarts=range(study.restarts),
        epochs=study.epochs,
        seed=study.seed,
        on_epoch=lambda epoch: report(epoch / study.epochs),
    )


def _by_best(task: TrainingTask, data: Dataset, report: Report) -> list[Trained]:
    study = task.study
    found = train(
        data,
        task.layout,
        restarts=study.restarts,
        seed=study.seed,
        box=study.truth.box,
        on_progress=report,
    )
    return [replace(one, restart=place) for place, one in enumerate(found)]  # of four starts each


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
        recipe=task.recipe,
        restart=task.restart,
        sense=task.sense,
        solver_seed=task.solver_seed,
        encoding=task.encoding,
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
            "recipe": study.recipe,
            "function": study.truth.formula,
            "samples": str(study.samples),
            **({"epochs": str(study.epochs)} if study.recipe == "origin" else {}),
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
        recipe=task.study.recipe,
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
