"""`Study`: what a run trains and solves, as a frozen value that a TOML file can hold."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from surrogate.errors import InputError, StudyError
from surrogate.files import checked_path
from surrogate.functions import Function, function_named
from surrogate.layouts import constant_width_layouts, layout_name, layout_widths

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
    """The truth to imitate: a name in `surrogate.functions`."""
    samples: int = Field(10_000, ge=1, le=10_000_000)
    """Training points, drawn uniformly from the function's box."""
    neurons: int = Field(24, ge=1, le=10_000)
    """The neuron budget: hidden neurons per network."""
    layouts: tuple[str, ...] = ()
    """Which layouts, each within the budget; empty means every constant-width one that uses it."""
    restarts: int = Field(10, ge=1, le=1000)
    """Networks per layout, each from its own random start."""
    recipe: Recipe = "origin"
    """How a network is trained: "origin" (Keras's Adam) or "best" (`surrogate.train`)."""
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
            raise StudyError("; ".join(_explain(e) for e in exc.errors())) from None

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
            return cls(**values)
        except StudyError as exc:
            raise StudyError(f"study {path}: {exc}") from None

    @field_validator("function")
    @classmethod
    def _known_function(cls, name: str) -> str:
        return function_named(name).name

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

    @property
    def truth(self) -> Function:
        """The function to imitate."""
        return function_named(self.function)

    @property
    def all_layouts(self) -> tuple[str, ...]:
        """The layouts of the study, in the order of its tables."""
        return self.layouts or constant_width_layouts(self.neurons)

    @property
    def is_origin(self) -> bool:
        """Whether the origin's published figures are about the same function, budget and recipe."""
        return self.function == "xy" and self.neurons == 24 and self.recipe == "origin"

    @property
    def training(self) -> str:
        """How the networks are trained, in words."""
        return f"{self.epochs} epochs" if self.recipe == "origin" else 'the recipe "best"'

    def quick(self) -> Study:
        """The same study in under a minute: 2 restarts and 5 epochs, under a name of its own."""
        return self.model_copy(update={"name": f"{self.name}-quick", "restarts": 2, "epochs": 5})


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


def _explain(error: Any) -> str:
    """One pydantic error as a sentence with key, value and remedy."""
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"key {key!r} is unknown; a study has {', '.join(Study.model_fields)}"
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, InputError):
        return f"{key}: {cause}" if key else str(cause)
    if error["type"] in _REMEDIES:
        return f"{key} = {error['input']!r}: {_REMEDIES[error['type']]}"
    return f"{key} = {error['input']!r}: {error['msg'][0].lower()}{error['msg'][1:]}"
