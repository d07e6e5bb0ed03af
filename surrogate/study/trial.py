"""The first task of a study, a pure function of a frozen task: train one layout.

It runs in a process of its own (`surrogate.isolation`) and returns rows of the store.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

import numpy as np

from surrogate.bounds import compute_bounds
from surrogate.box import FloatArray
from surrogate.datasets import Dataset
from surrogate.isolation import Report
from surrogate.network import Network
from surrogate.onnx_files import load, save
from surrogate.study.rows import NetRow, TrainingTask
from surrogate.study.spec import Study
from surrogate.study.subject import Subject, subject_of
from surrogate.training import Trained, train
from surrogate.validity import Hull


def train_layout(task: TrainingTask, report: Report) -> list[NetRow]:
    """Train all restarts as one batch, export each, and measure the exported file's network."""
    subject = subject_of(task.study, task.folder)
    start = perf_counter()
    trained = trained_restarts(task.study, task.layout, subject, subject.train, report)
    seconds = (perf_counter() - start) / task.study.restarts
    return [_net_row(task, one, seconds, subject) for one in trained]


def trained_restarts(
    study: Study, layout: str, subject: Subject, data: Dataset, report: Report
) -> list[Trained]:
    """Every restart of a layout, by the study's recipe, each with the hull of its samples."""
    if study.recipe == "best":
        found = train(
            data,
            layout,
            restarts=study.restarts,
            seed=study.seed,
            box=subject.box,
            on_progress=report,
        )
        return [replace(one, restart=place) for place, one in enumerate(found)]  # of four starts

    from surrogate.training.origin import train_origin  # here, so that solving never loads torch

    found = train_origin(
        data,
        layout,
        box=subject.box,
        output_range=subject.range,
        restarts=range(study.restarts),
        epochs=study.epochs,
        seed=study.seed,
        on_epoch=lambda epoch: report(epoch / study.epochs),
    )
    hull = Hull.of(data.inputs, data.outputs)
    return [replace(one, network=replace(one.network, hull=hull)) for one in found]


def with_provenance(net: Network, study: Study, restart: int) -> Network:
    """The network with what is needed to make it again."""
    return replace(
        net,
        provenance={
            "made_by": f"surrogate {version('surrogate')}",
            "recipe": study.recipe,
            "function": study.title,
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
    subject: Subject,
) -> NetRow:
    """Export one restart and measure the network as the file holds it."""
    path = task.folder / f"{task.layout}-r{trained.restart:02d}.onnx"
    save(with_provenance(trained.network, task.study, trained.restart), path)
    net = load(path)
    layers = net.preactivations(subject.test_inputs)
    error, data = subject.error(net), subject.train
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
        training_mae=subject.training_error(net),
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
