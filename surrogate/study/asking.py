"""What a truth of the user's own says: asked once per run, told while it takes long, and kept.

Such a truth may be a simulator that takes its time at every point. So the run asks it, at the
training points and at no more than a fifth as many test points, and keeps the answers beside the
networks, where every later process of the run, and a resumed one, finds them.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from surrogate.box import Box, FloatArray
from surrogate.errors import InputError, StoreError, StudyError
from surrogate.files import write_whole
from surrogate.problems import OwnProblem
from surrogate.problems.evaluating import Truth
from surrogate.study.watching import Listener, Progress

FEWEST, MOST = 16, 2_048  # test points: a power of two, where a Sobol' sequence is even
FEW = 16
OF_SAMPLES = 5  # training points for each test point, or more
SECONDS_TO_TELL = 1.0  # between two tellings: of a truth that is quicker nothing is told
SECONDS_TO_KEEP = 30.0  # between two times at which the answers are kept

_DAMAGE = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What reading a damaged file can end in; zipfile raises most of them."""


@dataclass(frozen=True, eq=False)
class Asked:
    """Points (n, d) and the truth there (n, 1): to train on, and to test on."""

    inputs: FloatArray
    outputs: FloatArray
    test_inputs: FloatArray
    test_outputs: FloatArray


@dataclass(frozen=True)
class Place:
    """Where answers are kept: in a folder, under a key that says whose they are."""

    folder: Path
    key: str

    @property
    def file(self) -> Path:
        """Beside the networks."""
        return kept_in(self.folder)


def kept_in(folder: Path) -> Path:
    """The file of the answers in a folder of networks."""
    return folder / "samples.npz"


def ask(
    problem: OwnProblem, samples: int, seed: int, tell: Listener, place: Place | None = None
) -> Asked:
    """Ask the truth at `samples` points drawn uniformly from its box, and at the test points.

    Answers that are kept already are not asked for; new ones are kept now and then, after an
    interrupt (`KeyboardInterrupt`), and at the end.

    Raises `InputError` with the line of the file when the truth raises, or returns anything but one
    finite number; `StudyError` when it is the same everywhere; `StoreError` where nothing can be
    written.
    """
    box, truth = _known(problem)
    wanted = min(MOST, max(FEWEST, samples // OF_SAMPLES))
    tests = box.spread(2 ** (wanted.bit_length() - 1))
    inputs = box.sample(samples, np.random.default_rng([seed]))
    points = np.concatenate([inputs, tests])
    values = np.full((len(points), 1), np.nan) if place is None else _kept(place, len(points))

    def save() -> None:
        if place is not None:
            _keep(place, values)

    if np.isnan(values).any():
        try:
            _fill(values, points, _one_number(problem.path, truth), tell, save)
        except KeyboardInterrupt:
            save()
            raise
        _check_varies(problem, values[:samples])
        save()
    return Asked(inputs, values[:samples], tests, values[samples:])


def ask_a_few(problem: OwnProblem) -> Asked:
    """Ask the truth where it takes least to see what it is like. Raises as `ask` does."""
    box, truth = _known(problem)
    few, at = box.spread(FEW), _one_number(problem.path, truth)
    values = np.array([[at(x)] for x in few])
    return Asked(few, values, few, values)


def _known(problem: OwnProblem) -> tuple[Box, Truth]:
    assert problem.box is not None  # who asks has looked
    assert problem.truth is not None
    return problem.box, problem.truth


def _one_number(path: Path, truth: Truth) -> Callable[[FloatArray], float]:
    def at(x: FloatArray) -> float:
        (found,) = truth(x[None])
        if len(found) != 1:
            raise InputError(
                f"{path}: truth returns {len(found)} numbers; with a box it returns one"
            )
        return float(found[0])

    return at


def _check_varies(problem: OwnProblem, values: FloatArray) -> None:
    if not values.max() > values.min():
        raise StudyError(
            f"the truth of {problem.path.name} is {values[0, 0]:g} at all {len(values)} samples in "
            f"{problem.box}: there is nothing to learn"
        )


def _fill(
    values: FloatArray,
    points: FloatArray,
    at: Callable[[FloatArray], float],
    tell: Listener,
    save: Callable[[], None],
) -> None:
    """Put the truth where there is none yet, point by point."""
    left, total = np.flatnonzero(np.isnan(values)), len(points)
    start = told = saved = perf_counter()
    for number, i in enumerate(left.tolist(), start=1):
        values[i] = at(points[i])
        now, more = perf_counter(), len(left) - number
        if now - told > SECONDS_TO_TELL or (told > start and not more):
            remaining = (now - start) * more / number
            tell(Progress("sampling", total - more, total, remaining, "ask the truth", not more))
            told = now
        if now - saved > SECONDS_TO_KEEP:
            save()
            saved = now


def _keep(place: Place, values: FloatArray) -> None:
    """Write the answers. Raises `StoreError` where that cannot be done."""
    content = io.BytesIO()
    np.savez(content, key=np.array(place.key), values=values)
    try:
        place.folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise StoreError(
            f"{place.folder} cannot be written ({exc}); name another folder with --out (out=)"
        ) from exc
    write_whole(place.file, content.getvalue())


def _kept(place: Place, count: int) -> FloatArray:
    """The answers (count, 1) that are kept under this key; NaN where there is none."""
    try:
        content = io.BytesIO(place.file.read_bytes())
        with np.load(content, allow_pickle=False) as file:
            key, values = str(file["key"]), file["values"]
        known = values.dtype == np.float64 and values.shape == (count, 1)
        if key == place.key and known and not np.isinf(values).any():
            return np.array(values)
    except _DAMAGE:
        pass  # no loss but of time
    return np.full((count, 1), np.nan)
