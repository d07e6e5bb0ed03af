"""What a study is about: what its networks learn, and the problem that they serve.

Made anew in every process from the spec: a file of the user's own is read where it is needed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from surrogate.datasets import Dataset
from surrogate.errors import InputError, StudyError
from surrogate.functions import Function
from surrogate.problems import Built, OwnProblem, Problem, load_problem, problem_named
from surrogate.problems.evaluating import own_parts
from surrogate.solving import Status, solve
from surrogate.study.asking import Asked, Place, ask, ask_a_few
from surrogate.study.lesson import Lesson
from surrogate.study.spec import BOX, Study
from surrogate.study.watching import Listener
from surrogate.validity import Hull, warn_if_lossy

REHEARSAL_SECONDS = 5.0
FEWEST_ROWS = 10
LARGEST = 1e9  # beyond, HiGHS's tolerances are larger than what is to be seen


@dataclass(frozen=True, eq=False)
class Subject:
    """See the module.

    problem   None where the question is the network's own optimum over its box
    lessons   one per network of a restart, in the order in which the problem takes them
    """

    problem: Problem | None
    lessons: tuple[Lesson, ...]

    @property
    def surrogates(self) -> tuple[str, ...]:
        """The names of the networks of a restart; one empty name where it is one network."""
        return tuple(lesson.name for lesson in self.lessons)

    def lesson(self, surrogate: str) -> Lesson:
        """What the network of this name learns."""
        return self.lessons[self.surrogates.index(surrogate)]

    def rehearse(self) -> None:
        """Build and solve the problem around networks of one neuron, before anything is trained.

        Raises `InputError` for what is wrong with the user's own problem.
        """
        if self.problem is None:
            return
        try:
            nets = [lesson.small_network() for lesson in self.lessons]
            built = self.problem.build(*nets, encoding="bigm", validity="box")
            solution = solve(built.model, time_limit=REHEARSAL_SECONDS)
            self.problem.check_bounded(built, solution)
            if isinstance(self.problem, OwnProblem):
                self.problem.check_used(built)
            if solution.status is Status.INFEASIBLE and _hopeless(built):
                raise InputError(
                    "no point satisfies the model's own constraints, whatever the network says; "
                    "look for those that contradict each other"
                )
        except InputError as error:
            path = self.problem.path if isinstance(self.problem, OwnProblem) else None
            if path is None or str(path) in str(error):
                raise
            raise InputError(f"{path}: {error}") from None

    def warn_of_hull(self, validity: str, stacklevel: int) -> None:
        """Warn with `HullWarning` where decisions are held to a hull that leaves out much.

        validity     as in the spec: empty is the problem's own
        stacklevel   as in `warnings.warn`, counted from here
        """
        used = validity or (self.problem.validity if self.problem else "box")
        if used == "box":
            return
        hulls = [
            Hull.of(one.train.inputs, one.train.outputs if used == "joint_hull" else None)
            for one in self.lessons
        ]
        warn_if_lossy(max(hull.left_out for hull in hulls), stacklevel + 1)


def _hopeless(built: Built) -> bool:
    """Whether the model is infeasible without its networks too. It is not used any more."""
    for copy in built.embeddings:
        for part in own_parts(copy):
            part.deactivate()
    return solve(built.model, time_limit=REHEARSAL_SECONDS).status is Status.INFEASIBLE


def subject_of(
    study: Study, folder: Path | None = None, tell: Listener = lambda _: None
) -> Subject:
    """The subject of a study.

    folder   of the networks, where the answers of a truth of the user's own are kept
    tell     of the progress of asking it, where they are not

    Raises `InputError` for what is wrong with a problem's file or the samples; `StudyError` where
    there is nothing to learn from; `StoreError` where answers cannot be kept.
    """
    problem = problem_of(study)
    if study.data:
        names = study.inputs or None
        return _from_table(problem, Dataset.from_csv(study.data, study.outputs, names), study)
    if problem is not None and problem.table is not None:
        return _from_table(problem, problem.table, study)
    if (own := _asked(problem, study)) is not None:
        key = f"{fingerprint(study)} {study.samples} {study.seed}"
        place = None if folder is None else Place(folder, key)
        return _from_truth(own, study, ask(own, study.samples, study.seed, tell, place))
    functions = (study.truth,) if problem is None else problem.functions
    if not functions:
        raise StudyError(
            f"problem {study.problem!r} has no truth with a box to learn from; add truth(x) and "
            "box = [...] to the file, or name a CSV file: data = ..., outputs = [...]"
        )
    several = len(functions) > 1
    lessons = tuple(_of_function(f, f.name if several else "", study) for f in functions)
    return Subject(problem, lessons)


def _of_function(function: Function, name: str, study: Study) -> Lesson:
    train = Dataset.sample(function, study.samples, np.random.default_rng([study.seed]))
    grid = function.grid()
    title = f"{function.formula}, of the problem {study.problem}" if name else study.title
    return Lesson(name, title, train, grid, function(grid), function.box, function.range)


def glimpse_of(study: Study) -> Subject:
    """The subject to rehearse with: of a truth of the user's own, which may be slow, few points."""
    own = _asked(problem_of(study), study)
    return subject_of(study) if own is None else _from_truth(own, study, ask_a_few(own))


def _asked(problem: Problem | None, study: Study) -> OwnProblem | None:
    """The problem where its own truth is what is learned, else None."""
    own = isinstance(problem, OwnProblem) and problem.truth and problem.box and not study.data
    return problem if own and isinstance(problem, OwnProblem) else None


def _from_truth(own: OwnProblem, study: Study, asked: Asked) -> Subject:
    train, tests = Dataset(asked.inputs, asked.outputs), (asked.test_inputs, asked.test_outputs)
    box = own.box or train.box
    return Subject(own, (Lesson("", study.title, train, *tests, box, train.output_range),))


def _from_table(problem: Problem | None, table: Dataset, study: Study) -> Subject:
    rows = len(np.unique(table.inputs, axis=0))
    if rows < FEWEST_ROWS:
        raise StudyError(
            f"the table has {rows} distinct rows of inputs; a study needs at least {FEWEST_ROWS}, "
            "to train, to choose and to test"
        )
    largest = max(float(np.abs(table.inputs).max()), float(np.abs(table.outputs).max()))
    if largest > LARGEST:
        raise StudyError(
            f"the table has a number of size {largest:g}; rescale it, solvers end at {LARGEST:g}"
        )
    split = table.split(study.seed)
    train = Dataset(
        np.concatenate([split.train.inputs, split.validation.inputs]),
        np.concatenate([split.train.outputs, split.validation.outputs]),
        table.input_names,
        table.output_names,
    )
    test, ends = split.test, table.output_range
    lesson = Lesson("", study.title, train, test.inputs, test.outputs, table.box, ends)
    return Subject(problem, (lesson,))


def fingerprint(study: Study) -> str:
    """What is in the study's own files, as a hash; empty when it has none.

    Raises `InputError` for a file that cannot be read.
    """
    names = [name for name in (study.data, study.problem if study.own_problem else "") if name]
    digest = hashlib.sha256()
    for name in names:
        try:
            digest.update(Path(name).read_bytes())
        except OSError as error:
            raise InputError(f"{name} cannot be read ({error.strerror}); check the path") from None
    return digest.hexdigest() if names else ""


def problem_of(study: Study) -> Problem | None:
    """The problem that a study solves, None for the network's box."""
    if study.problem == BOX:
        return None
    return load_problem(study.problem) if study.own_problem else problem_named(study.problem)
