"""`Results`: what a study found so far, and what it still has to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path

import pandas as pd

from surrogate.choosing import (
    Candidate,
    Recommendation,
    candidates,
    ranked_groups,
    recommend_among,
    roles,
    together,
)
from surrogate.errors import OnnxFileError
from surrogate.layouts import layout_widths
from surrogate.study.rows import Question, RefineTask, SolveTask, TrainingTask
from surrogate.study.spec import BOX, Recipe, Study
from surrogate.study.store import Store, nets_folder

_SENSES: tuple[Question, ...] = ("minimize", "maximize")
_DECISION: tuple[Question, ...] = ("decide",)


@dataclass(frozen=True, eq=False)
class Results:
    """Data frames with one row per net, solve and round (`surrogate.study.rows` has the columns).

    environments  on what they were made, one row per run that added some
    surrogates    the networks of a restart; one empty name where it is one network
    failures      the tasks of the last run that could not be done, one line each
    """

    study: Study
    folder: Path
    nets: pd.DataFrame
    solves: pd.DataFrame
    refinements: pd.DataFrame
    environments: pd.DataFrame
    surrogates: tuple[str, ...] = ("",)
    failures: tuple[str, ...] = ()

    @classmethod
    def load(cls, folder: str | Path) -> Results:
        """The results in a folder that `run` filled. Raises `StoreError` when there are none."""
        with closing(Store.open(Path(folder))) as store:
            return cls.read(store)

    @classmethod
    def read(cls, store: Store, failures: Sequence[str] = ()) -> Results:
        """The results in an open store."""
        return cls(
            study=store.study,
            folder=store.folder,
            nets=store.nets(),
            solves=store.solves(),
            refinements=store.refinements(),
            environments=store.environments(),
            surrogates=store.surrogates,
            failures=tuple(failures),
        )

    @cached_property
    def complete(self) -> bool:
        """Whether every net of the study is trained and every solve done, when first asked."""
        return not self.training_left() and not self.solving_left()

    @cached_property
    def restarts(self) -> pd.DataFrame:
        """One row per layout, recipe and restart: its networks together, where all are trained."""
        return together(self.nets, self.surrogates)

    @cached_property
    def stored(self) -> bool:
        """Whether every net and solve is in the store, when first asked; files are not read."""
        trained = self.restarts.groupby(["layout", "recipe"]).size()
        study = self.study
        return (
            all(
                trained.get(pair, 0) >= study.restarts
                for pair in product(study.all_layouts, study.recipes)
            )
            and next(self._unsolved(), None) is None
        )

    @cached_property
    def candidates(self) -> Sequence[Candidate]:
        """Every architecture with its figures, when first asked: see `surrogate.choosing`."""
        return candidates(self.restarts, self.solves, self.study.all_layouts)

    def recommend(
        self,
        *,
        max_mae: float | None = None,
        max_regret: float | None = None,
        max_seconds: float | None = None,
    ) -> Recommendation:
        """The architecture to use, within limits; see `surrogate.choosing.recommend`."""
        return recommend_among(
            self.candidates,
            self.solves,
            max_mae=max_mae,
            max_regret=max_regret,
            max_seconds=max_seconds,
        )

    def training_left(self) -> list[TrainingTask]:
        """What has no nets, the deepest layouts first: the longest task must not be left for last.

        Nets count as missing when one of their files is gone or holds another network.
        """
        study = self.study
        missing = [
            TrainingTask(study, layout, recipe, surrogate, nets_folder(self.folder))
            for layout, recipe, surrogate in product(
                study.all_layouts, study.recipes, self.surrogates
            )
            if not self._intact(layout, recipe, surrogate)
        ]
        return sorted(missing, key=lambda task: len(layout_widths(task.layout)), reverse=True)

    @property
    def trainings(self) -> int:
        """How many training tasks the study has, those that are done included."""
        study = self.study
        return len(study.all_layouts) * len(study.recipes) * len(self.surrogates)

    def _intact(self, layout: str, recipe: str, surrogate: str) -> bool:
        """Whether this net of every restart is stored, and its file still holds it."""
        rows = self._nets_of(layout, recipe)
        rows = rows[rows["surrogate"] == surrogate]
        return len(rows) == self.study.restarts and all(
            _holds(nets_folder(self.folder) / file, content_hash)
            for file, content_hash in zip(rows["file"], rows["content_hash"], strict=True)
        )

    def solving_left(self) -> list[SolveTask]:
        """The solves of trained restarts that are not stored, or failed, seed by seed.

        Of a problem every restart is solved with the first seed, for what its decision is worth;
        the best and the median one with the others, for the time.
        """
        return [self._solve_task(*one) for one in self._unsolved()]

    def _unsolved(self) -> Iterator[tuple[str, str, int, Question, int, str]]:
        """Layout, recipe, restart, sense, seed and encoding of the solves that are left."""
        study = self.study
        keys = ["layout", "recipe", "restart", "sense", "solver_seed", "encoding"]
        solved = self.solves[self.solves["status"] != "failed"]
        done = set(solved[keys].itertuples(index=False, name=None))
        asked = {pair: self._asked(group) for pair, group in self._ranked().items()}
        return (
            (layout, recipe, restart, sense, seed, encoding)
            for place, seed in enumerate(study.solver_seeds)
            for (layout, recipe), (first, others) in asked.items()
            for restart in (others if place else first)
            for sense in (_SENSES if study.problem == BOX else _DECISION)
            for encoding in study.encodings
            if (layout, recipe, restart, sense, seed, encoding) not in done
        )

    def _solve_task(
        self, layout: str, recipe: str, restart: int, sense: Question, seed: int, encoding: str
    ) -> SolveTask:
        return SolveTask(
            study=self.study,
            layout=layout,
            recipe=recipe,
            restart=restart,
            paths=self.net_paths(layout, recipe, restart),
            content_hashes=tuple(self._nets_of(layout, recipe, restart)["content_hash"]),
            sense=sense,
            solver_seed=seed,
            encoding=encoding,
        )

    def _ranked(self) -> dict[tuple[str, Recipe], pd.DataFrame]:
        """The restarts, best first, of the layouts and recipes that have any."""
        study = self.study
        groups = {
            (group["layout"].iloc[0], group["recipe"].iloc[0]): group
            for group in ranked_groups(self.restarts, study.all_layouts)
        }
        pairs = product(study.all_layouts, study.recipes)
        return {pair: groups[pair] for pair in pairs if pair in groups}

    def _asked(self, group: pd.DataFrame) -> tuple[list[int], list[int]]:
        """Which restarts are solved with the first of HiGHS's seeds, and which with the others."""
        chosen = list(roles(group).values())
        if self.study.problem == BOX:
            return chosen, chosen
        return chosen + [r for r in sorted(group["restart"].tolist()) if r not in chosen], chosen

    def refining_left(self, rounds: int) -> list[RefineTask]:
        """The layouts and recipes that are trained and not yet refined so often."""
        often = self.refinements[self.refinements["rounds"] >= rounds]
        done = set(often[["layout", "recipe"]].itertuples(index=False, name=None))
        return [
            RefineTask(self.study, layout, recipe, self.net_paths(layout, recipe, best), rounds)
            for (layout, recipe), group in self._ranked().items()
            if rounds and (layout, recipe) not in done
            for best in [roles(group)["best"]]
        ]

    def net_paths(self, layout: str, recipe: str, restart: int) -> tuple[Path, ...]:
        """The ONNX files of one restart, in the order in which the problem takes its networks."""
        files = self._nets_of(layout, recipe, restart)["file"]
        return tuple(nets_folder(self.folder) / str(file) for file in files)

    def _nets_of(self, layout: str, recipe: str, restart: int | None = None) -> pd.DataFrame:
        """The rows of some nets; those of one restart in the order of `surrogates`."""
        mine = self.nets[(self.nets["layout"] == layout) & (self.nets["recipe"] == recipe)]
        if restart is None:
            return mine
        mine = mine[mine["restart"] == restart].set_index("surrogate")
        return mine.loc[list(self.surrogates)]


def _holds(path: Path, content_hash: str) -> bool:
    from surrogate.onnx_files import load  # here, so that choosing never loads ONNX

    try:
        return load(path).content_hash == content_hash
    except OnnxFileError:
        return False
