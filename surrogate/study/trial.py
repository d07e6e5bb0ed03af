"""The first task of a study, a pure function of a frozen task: train one layout by one recipe.

It runs in a process of its own (`surrogate.isolation`) and returns rows of the store.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

import numpy as np

from surrogate.bounds import compute_bounds
from surrogate.datasets import Dataset
from surrogate.isolation import Report
from surrogate.network import Network
from surrogate.onnx_files import load, save
from surrogate.study.lesson import Lesson
from surrogate.study.rows import NetRow, RefineTask, TrainingTask
from surrogate.study.subject import subject_of
from surrogate.training import Trained, train
from surrogate.validity import Hull


def train_layout(task: TrainingTask, report: Report) -> list[NetRow]:
    """Train all restarts as one batch, export each, and measure the exported file's network."""
    lesson = subject_of(task.study, task.folder).lesson(task.surrogate)
    start = perf_counter()
    trained = trained_restarts(task, lesson, lesson.train, report)
    seconds = (perf_counter() - start) / task.study.restarts
    return [_net_row(task, one, seconds, lesson) for one in trained]


def trained_restarts(
    task: TrainingTask | RefineTask, lesson: Lesson, data: Dataset, report: Report
) -> list[Trained]:
    """Every restart of a layout, by the task's recipe, each with the hull of its samples."""
    study = task.study
    if task.recipe == "best":
        found = train(
            data,
            task.layout,
            restarts=study.restarts,
            seed=study.seed,
            box=lesson.box,
            on_progress=report,
        )
        return [replace(one, restart=place) for place, one in enumerate(found)]  # of four starts

    from surrogate.training.origin import train_origin  # here, so that solving never loads torch

    found = train_origin(
        data,
        task.layout,
        box=lesson.box,
        output_range=lesson.range,
        restarts=range(study.restarts),
        epochs=study.epochs,
        seed=study.seed,
        on_epoch=lambda epoch: report(epoch / study.epochs),
    )
    hull = Hull.of(data.inputs, data.outputs)
    return [replace(one, network=replace(one.network, hull=hull)) for one in found]


def with_provenance(
    net: Network, task: TrainingTask | RefineTask, lesson: Lesson, restart: int
) -> Network:
    """The network with what is needed to make it again."""
    study = task.study
    return replace(
        net,
        provenance={
            "made_by": f"surrogate {version('surrogate')}",
            "recipe": task.recipe,
            "function": lesson.title,
            "samples": str(study.samples),
            **({"epochs": str(study.epochs)} if task.recipe == "origin" else {}),
            "seed": str(study.seed),
            "restart": str(restart),
            "torch": version("torch"),
        },
    )


def net_file(task: TrainingTask | RefineTask, surrogate: str, which: str) -> str:
    """What a network's file is called: 3x8-best-r00.onnx, of several 3x8-best-r00-heads.onnx."""
    name = f"{task.layout}-{task.recipe}-{which}"
    return f"{name}-{surrogate}.onnx" if surrogate else f"{name}.onnx"


def _net_row(task: TrainingTask, trained: Trained, seconds: float, lesson: Lesson) -> NetRow:
    """Export one restart and measure the network as the file holds it."""
    path = task.folder / net_file(task, task.surrogate, f"r{trained.restart:02d}")
    save(with_provenance(trained.network, task, lesson, trained.restart), path)
    net = load(path)
    layers = net.preactivations(lesson.test_inputs)
    error = lesson.error(net)
    counts = compute_bounds(net).counts()
    return NetRow(
        layout=task.layout,
        recipe=task.recipe,
        restart=trained.restart,
        surrogate=task.surrogate,
        file=path.name,
        content_hash=net.content_hash,
        mae=float(error.mean()),
        mse=float((error**2).mean()),
        max_error=float(error.max()),
        training_mae=lesson.training_error(net),
        dead=any(bool((a <= 0).all()) for a in layers[:-1]),
        active=counts.active,
        inactive=counts.inactive,
        unstable=counts.unstable,
        onnxruntime_error=onnxruntime_error(net, path, lesson),
        seconds=seconds,
        curve=tuple(trained.curve.tolist()),
    )


def onnxruntime_error(net: Network, path: Path, lesson: Lesson) -> float:
    """Largest |onnxruntime on the file - float64 forward pass| at 1000 training points."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        path.read_bytes(), options, providers=["CPUExecutionProvider"]
    )
    entry = session.get_inputs()[0]
    x = lesson.train.inputs[:1000].astype(np.float32 if entry.type == "tensor(float)" else float)
    (theirs,) = session.run(None, {entry.name: x})
    return float(lesson.difference(net, x.astype(np.float64), theirs).max())
