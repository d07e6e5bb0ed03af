"""Seconds per net: plain torch, one net after another, against our batch of restarts.

    python benchmarks/restarts.py [--epochs 3] [--samples 10000] [--rounds 3]

(a) `torch.nn.Sequential` with `torch.optim.Adam`, the whole data set in memory and sliced into
    batches (no DataLoader), autograd, one net at a time;
(b) `surrogate.training.origin.train_origin`, 10 restarts as one batch.

Same samples, batch size, epochs, one thread each, denormals flushed for both, in one process and in
turn: (a) (b) (a) (b) ... The median of the rounds counts. The last line trains every layout (b) in
a pool of one process per core, as a study does, and compares with (a) one after another.
"""

from __future__ import annotations

import argparse
import os
import statistics
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from time import perf_counter

import numpy as np
import torch

from surrogate.datasets import Dataset
from surrogate.functions import function_named
from surrogate.layouts import constant_width_layouts, layout_widths
from surrogate.training.origin import BATCH_SIZE, train_origin

RESTARTS = 10
XY = function_named("xy")


def plain(data: Dataset, layout: str, epochs: int) -> float:
    """Seconds to train one net the plain way."""
    torch.set_flush_denormal(True)
    torch.set_num_threads(1)
    sizes = (2, *layout_widths(layout))
    modules: list[torch.nn.Module] = []
    for fan_in, fan_out in pairwise(sizes):
        modules += [torch.nn.Linear(fan_in, fan_out), torch.nn.ReLU()]
    net = torch.nn.Sequential(*modules, torch.nn.Linear(sizes[-1], 1))
    inputs = torch.tensor(data.inputs, dtype=torch.float32)
    outputs = torch.tensor(data.outputs, dtype=torch.float32)
    start = perf_counter()
    for module in net:
        if isinstance(module, torch.nn.Linear):
            torch.nn.init.xavier_uniform_(module.weight)
            torch.nn.init.zeros_(module.bias)
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3, eps=1e-7)
    for _ in range(epochs):
        order = torch.randperm(len(inputs))
        for x, y in zip(
            inputs[order].split(BATCH_SIZE), outputs[order].split(BATCH_SIZE), strict=True
        ):
            optimiser.zero_grad()
            (net(x) - y).abs().mean().backward()
            optimiser.step()
    return perf_counter() - start


def batch(data: Dataset, layout: str, epochs: int) -> float:
    """Seconds to train ten restarts as one batch."""
    start = perf_counter()
    train_origin(
        data, layout, box=XY.box, output_range=XY.range, restarts=range(RESTARTS), epochs=epochs
    )
    return perf_counter() - start


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    data = Dataset.sample(XY, args.samples, np.random.default_rng(0))
    batch(data, "1x24", 1)  # warm up
    layouts = constant_width_layouts(24)
    print(f"{args.samples} samples, {args.epochs} epochs, median of {args.rounds} rounds")
    print(f"{'layout':8}{'plain s/net':>13}{'batch s/net':>13}{'ratio':>8}")
    one_by_one = 0.0
    for layout in layouts:
        pairs = [
            (plain(data, layout, args.epochs), batch(data, layout, args.epochs) / RESTARTS)
            for _ in range(args.rounds)
        ]
        ours = statistics.median(b for _, b in pairs)
        theirs = statistics.median(a for a, _ in pairs)
        ratio = statistics.median(a / b for a, b in pairs)
        one_by_one += theirs * RESTARTS
        print(f"{layout:8}{theirs:13.3f}{ours:13.4f}{ratio:8.1f}")
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(batch, [data] * 8, ["1x24"] * 8, [1] * 8))  # import torch in every process
        start = perf_counter()
        list(pool.map(batch, [data] * 8, layouts[::-1], [args.epochs] * 8))
        seconds = perf_counter() - start
    print(
        f"all 8 layouts, 80 nets: plain {one_by_one:.1f} s, one after another; batches on "
        f"{os.cpu_count()} cores {seconds:.2f} s; ratio {one_by_one / seconds:.1f}"
    )


if __name__ == "__main__":
    main()
