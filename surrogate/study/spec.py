"""`Study`: what a run trains and solves, as a frozen value that a TOML file can hold."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from surrogate.conventions import PROBLEM_NETWORKS, check_encoding
from surrogate.errors import InputError, StudyError
from surrogate.files import checked_path
from surrogate.functions import Function, function_named
from surrogate.layouts import constant_width_layouts, layout_name, layout_widths

BOX = "box"
"""The question that needs no problem: minimise and maximise the network over its box."""

Recipe = Literal["origin", "best"]
_Seed = Annotated[int, Field(ge=0)]
_SolverSeed = Annotated[int, Field(ge=0, le=2**31 - 1)]  # HiGHS's own range


class Study(BaseModel):
    """A study: layouts of one neuron budget, trained on one function, embedded and solved.

    The defaults are the origin's study. Raises `StudyError` naming the key, its value and what is
    allowed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field("xy-24", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """What the results folder is called: runs/NAME."""
    function: str = "xy"
    """The truth to imitate: a name in `surrogate.functions`. A problem has its own."""
    problem: str = BOX
    """What is solved: "box", a name in `surrogate.problems.PROBLEMS`, or a Python file."""
    data: str = ""
    """A CSV file to train on, where no function says what a point's outputs are."""
    inputs: tuple[str, ...] = ()
    """Its columns that are inputs; empty means all that are no outputs."""
    outputs: tuple[str, ...] = ()
    """Its columns that are outputs."""
    encodings: tuple[str, ...] = Field(("omlt",), min_length=1)
    """How every network is embedded: "auto", or keys of `surrogate.encodings.ENCODINGS`."""
    validity: Literal["", "box", "hull", "joint_hull"] = ""
    """Where a network is trusted; empty means the problem's own domain, which mostly is the box."""
    samples: int = Field(10_000, ge=1, le=10_000_000)
    """Training points, drawn uniformly from the function's box."""
    neurons: int = Field(24, ge=1, le=10_000)
    """The neuron budget: hidden neurons per network."""
    layouts: tuple[str, ...] = ()
    """Which layouts, each within the budget; empty means every constant-width one that uses it."""
    restarts: int = Field(10, ge=1, le=1000)
    """Networks per layout and recipe, each from its own random start."""
    recipes: tuple[Recipe, ...] = Field(("origin",), min_length=1)
    """How every layout is trained: "origin" (Keras's Adam), "best" (`surrogate.train`), or both."""
    epochs: int = Field(100, ge=1, le=1_000_000)
    """Passes over the training points; the recipe "best" has none."""
    seed: _Seed = 0
    """Seed of the samples, the initial weights and the order of the samples."""
    solver_seeds: tuple[_SolverSeed, ...] = Field((0, 1, 2), min_length=1)
    """HiGHS random seeds: every problem is solved once with each."""
    time_limit: float = Field(60.0, gt=0, allow_inf_nan=False)
    """Seconds for one solve."""

    def __init__(self, **values: Any) -> None:
        """Check every value; lists, as TOML and users write them, serve as tuples."""
        plain = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        try:
            super().__init__(**plain)
        except ValidationError as exc:
            raise StudyError("; ".join(_explained(exc.errors()))) from None

    @classmethod
    def load(cls, path: str | Path) -> Study:
        """The study in a TOML file. Raises `StudyError` naming the file and the key or line."""
        path = checked_path(path)
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as exc:
            raise StudyError(
                f"study {path} cannot be read ({exc.strerror}); check the path"
            ) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
            raise StudyError(f"study {path} is no TOML: {exc}") from None
        try:
            study = cls(**values)
        except StudyError as exc:
            raise StudyError(f"study {path}: {exc}") from None
        return study.beside(path.parent)

    def beside(self, folder: Path) -> Study:
        """The study with its own files found from `folder`, wherever the run is started."""
        files = {"data": self.data, "problem": self.problem if self.own_problem else ""}
        found = {key: str((folder / name).resolve()) for key, name in files.items() if name}
        return self.model_copy(update=found)

    @field_validator("function")
    @classmethod
    def _known_function(cls, name: str) -> str:
        return function_named(name).name

    @field_validator("problem")
    @classmethod
    def _known_problem(cls, name: str) -> str:
        if name == BOX or name.endswith(".py"):
            return name
        if name not in PROBLEM_NETWORKS:
            raise StudyError(
                f"problem {name!r} is unknown; choose {BOX}, {', '.join(PROBLEM_NETWORKS)}, or "
                "name a Python file of your own (.py)"
            )
        return name

    @field_validator("encodings")
    @classmethod
    def _known_encodings(cls, encodings: tuple[str, ...]) -> tuple[str, ...]:
        for encoding in encodings:
            check_encoding(encoding)
        _refuse_twice("encoding", encodings)
        return encodings

    @field_validator("recipes")
    @classmethod
    def _distinct_recipes(cls, recipes: tuple[Recipe, ...]) -> tuple[Recipe, ...]:
        _refuse_twice("recipe", recipes)
        return recipes

    @field_validator("layouts")
    @classmethod
    def _canonical_layouts(cls, layouts: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(layout_name(layout_widths(layout)) for layout in layouts)
        _refuse_twice("layout", names)
        return names

    @field_validator("solver_seeds")
    @classmethod
    def _distinct_seeds(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        _refuse_twice("seed", seeds)
        return seeds

    @model_validator(mode="after")
    def _within_the_budget(self) -> Study:
        for layout in self.layouts:
            needed = sum(layout_widths(layout))
            if needed > self.neurons:
                raise StudyError(
                    f"layout {layout} has {needed} neurons, the budget is neurons = "
                    f"{self.neurons}; raise the budget or leave the layout out"
                )
        return self

    @model_validator(mode="after")
    def _one_source(self) -> Study:
        """What is learned comes from a function, from the problem, or from a file of samples."""
        if self.problem != BOX and "function" in self.model_fields_set and self.function != "xy":
            raise StudyError(
                f"function = {self.function!r} is not used: problem {self.problem!r} says what is "
                "learned; leave the function out"
            )
        if bool(self.data) != bool(self.outputs):
            raise StudyError(
                f"data = {self.data!r} and outputs = {list(self.outputs)}: give both, a CSV file "
                "and its columns that are outputs, or neither"
            )
        if self.inputs and not self.data:
            raise StudyError(f"inputs = {list(self.inputs)} are columns of a file; give data too")
        if self.data and self.problem != BOX and not self.own_problem:
            raise StudyError(
                f"data = {self.data!r} is not used: problem {self.problem!r} says what is learned"
            )
        return self

    @property
    def own_problem(self) -> bool:
        """Whether the problem is a file of the user's."""
        return self.problem.endswith(".py")

    @property
    def title(self) -> str:
        """What is learned, and for which problem, in words; no file is read."""
        if self.data:
            learned = Path(self.data).name
        elif self.problem == BOX:
            learned = self.truth.formula
        elif self.own_problem:
            learned = f"the truth of {Path(self.problem).name}"
        else:
            from surrogate.problems import problem_named  # here: Pyomo, which few readers need

            learned = _learned(problem_named(self.problem).functions)
        if self.problem == BOX:
            return learned
        name = Path(self.problem).name if self.own_problem else self.problem
        return f"{learned}, for the problem {name}"

    @property
    def truth(self) -> Function:
        """The function that `function` names."""
        return function_named(self.function)

    @property
    def all_layouts(self) -> tuple[str, ...]:
        """The layouts of the study, in the order of its tables."""
        return self.layouts or constant_width_layouts(self.neurons)

    @property
    def is_origin(self) -> bool:
        """Whether the origin's published figures are about nets of this study.

        They are of the same function and budget, and of the recipe "origin".
        """
        what = self.problem == BOX and not self.data and self.function == "xy"
        return what and self.neurons == 24 and "origin" in self.recipes

    @property
    def training(self) -> str:
        """How the networks are trained, in words."""
        epochs = f"{self.epochs} epochs"
        if self.recipes == ("origin",):
            return epochs
        names = {"origin": f'"origin" ({epochs})', "best": '"best"'}
        listed = " and ".join(names[recipe] for recipe in self.recipes)
        return f"the recipe{'s' if len(self.recipes) > 1 else ''} {listed}"

    def quick(self) -> Study:
        """The same study in under a minute, under a name of its own: 2 restarts, and 5 epochs.

        The recipe "best" has no epochs: it gets 300 points, and solves with one seed.
        """
        less: dict[str, Any] = {"name": f"{self.name}-quick", "restarts": 2, "epochs": 5}
        if "best" in self.recipes:
            few = min(self.samples, 300)
            less |= {"samples": few, "solver_seeds": self.solver_seeds[:1]}
        return self.model_copy(update=less)


def _learned(functions: Sequence[Function]) -> str:
    """What a problem's networks learn, in words."""
    if len(functions) == 1:
        return functions[0].formula
    return ", ".join(f.name for f in functions) or "a table"


def _refuse_twice(kind: str, values: tuple[object, ...]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise StudyError(f"{kind} {value} is listed twice; list each once")


_REMEDIES = {
    "string_pattern_mismatch": "it names a folder; use letters, digits, dots, dashes, underscores",
    "string_type": "give text, in quotes",
    "tuple_type": "give a list, such as [...]",
    "too_short": "give at least one",
}


def _explained(errors: Sequence[Any]) -> Iterator[str]:
    """Every error, but of a list that is short only because its items are wrong themselves."""
    places = [error["loc"] for error in errors]
    for error, place in zip(errors, places, strict=True):
        if not any(len(other) > len(place) and other[: len(place)] == place for other in places):
            yield _explain(error)


def _explain(error: Any) -> str:
    """One pydantic error as a sentence with key, value and remedy."""
    key = ".".join(str(part) for part in error["loc"])
    if key == "recipe":
        return 'key "recipe" is now a list of all that are compared: recipes = ["best"]'
    if error["type"] == "extra_forbidden":
        return f"key {key!r} is unknown; a study has {', '.join(Study.model_fields)}"
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, InputError):
        return f"{key}: {cause}" if key else str(cause)
    given = list(error["input"]) if isinstance(error["input"], tuple) else error["input"]
    if error["type"] in _REMEDIES:
        return f"{key} = {given!r}: {_REMEDIES[error['type']]}"
    return f"{key} = {given!r}: {error['msg'][0].lower()}{error['msg'][1:]}"
