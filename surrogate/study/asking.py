"""What a truth of the user's own says: asked once per run, told while it takes long, and kept.

Such a truth may be a simulator that takes its time at every point. So the run asks it, at the
training points and at no more than a fifth as many test points, and keeps the answers beside the
networks, where every later process of the run, and a resumed one, finds them.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from surrogate.box import Box, FloatArray
from surrogate.errors import InputError
from surrogate.files import write_whole
from surrogate.problems import OwnProblem
from surrogate.problems.evaluating import Truth
from surrogate.study.watching import Listener, Progress

FEWEST, MOST = 16, 2_048  # test points: a power of two, where a Sobol' sequence is even
FEW = 16
OF_SAMPLES = 5  # training points for each test point, or more
SECONDS_BETWEEN = 1.0  # two tellings; a truth that is quicker than that is not told of

_FILE = "samples.npz"


@dataclass(frozen=True, eq=False)
class Asked:
    """Points (n, d) and the truth there (n, 1): to train on, and to test on."""

    inputs: FloatArray
    outputs: FloatArray
    test_inputs: FloatArray
    test_outputs: FloatArray


def ask(problem: OwnProblem, samples: int, seed: int, tell: Listener) -> Asked:
    """Ask the truth at `samples` points drawn uniformly from its box, and at the test points.

    Raises `InputError` with the line of the file when the truth raises, or returns anything but one
    finite number.
    """
    box, truth = _known(problem)
    wanted = min(MOST, max(FEWEST, samples // OF_SAMPLES))
    tests = box.spread(2 ** (wanted.bit_length() - 1))
    inputs = box.sample(samples, np.random.default_rng([seed]))
    values = _values(problem.path, truth, np.concatenate([inputs, tests]), tell)
    return Asked(inputs, values[:samples], tests, values[samples:])


def ask_a_few(problem: OwnProblem) -> Asked:
    """Ask the truth where it takes least to see what it is like. Raises as `ask` does."""
    box, truth = _known(problem)
    few = box.spread(FEW)
    values = _values(problem.path, truth, few, lambda _: None)
    return Asked(few, values, few, values)


def _known(problem: OwnProblem) -> tuple[Box, Truth]:
    assert problem.box is not None  # who asks has looked
    assert problem.truth is not None
    return problem.box, problem.truth


def _values(path: Path, truth: Truth, points: FloatArray, tell: Listener) -> FloatArray:
    values = np.empty((len(points), 1))
    start = last = perf_counter()
    for done, x in enumerate(points, start=1):
        (found,) = truth(x[None])
        if len(found) != 1:
            raise InputError(
                f"{path}: truth returns {len(found)} numbers; with a box it returns one"
            )
        values[done - 1] = found
        now = perf_counter()
        if now - last > SECONDS_BETWEEN or (last > start and done == len(points)):
            left = (now - start) * (len(points) - done) / done
            ended = done == len(points)
            tell(Progress("sampling", done, len(points), left, "ask the truth", ended))
            last = now
    return values


def keep(asked: Asked, key: str, folder: Path) -> None:
    """Write the answers into the folder. Raises `StoreError` where it cannot be written.

    key   says whose answers they are
    """
    content = io.BytesIO()
    np.savez(content, key=np.array(key), **vars(asked))
    write_whole(folder / _FILE, content.getvalue())


def kept(key: str, folder: Path) -> Asked | None:
    """The answers in the folder; None where there are none, or others than these."""
    try:
        content = io.BytesIO((folder / _FILE).read_bytes())
        with np.load(content, allow_pickle=False) as file:
            found = {name: file[name] for name in file.files}
        theirs = str(found.pop("key"))
        return Asked(**found) if theirs == key else None
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None  # a damaged file is no loss but of time
