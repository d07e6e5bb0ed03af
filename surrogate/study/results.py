"""`Results`: what a study found so far, and what it still has to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from surrogate.choosing import (
    Candidate,
    Recommendation,
    best_and_median,
    candidates,
    recommend_among,
)
from surrogate.errors import OnnxFileError
from surrogate.layouts import layout_widths
from surrogate.study.rows import Question, RefineTask, SolveTask, TrainingTask
from surrogate.study.spec import BOX, Study
from surrogate.study.store import Store, nets_folder

_SENSES: tuple[Question, ...] = ("minimize", "maximize")
_DECISION: tuple[Question, ...] = ("decide",)


@dataclass(frozen=True, eq=False)
class Results:
    """Data frames with one row per net, solve and round (`surrogate.study.rows` has the columns).

    environments  on what they were made, one row per run that added some
    failures      the tasks of the last run that could not be done, one line each
    """

    study: Study
    folder: Path
    nets: pd.DataFrame
    solves: pd.DataFrame
    refinements: pd.DataFrame
    environments: pd.DataFrame
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
            failures=tuple(failures),
        )

    @cached_property
    def complete(self) -> bool:
        """Whether every net of the study is trained and every solve done, when first asked."""
        return not self.training_left() and not self.solving_left()

    @cached_property
    def stored(self) -> bool:
        """Whether every net and solve is in the store, when first asked; files are not read."""
        trained = self.nets.groupby("layout").size()
        return (
            all(trained.get(name, 0) >= self.study.restarts for name in self.study.all_layouts)
            and next(self._unsolved(), None) is None
        )

    @cached_property
    def candidates(self) -> Sequence[Candidate]:
        """Every architecture with its figures, when first asked: see `surrogate.choosing`."""
        return candidates(self.nets, self.solves, self.study.all_layouts)

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
        """Layouts without nets, the deepest first: the longest task must not be left for last.

        A layout counts as missing when one of its files is gone or holds another network.
        """
        missing = [name for name in self.study.all_layouts if not self._intact(name)]
        missing.sort(key=lambda name: len(layout_widths(name)), reverse=True)
        return [TrainingTask(self.study, name, nets_folder(self.folder)) for name in missing]

    def _intact(self, layout: str) -> bool:
        """Whether every restart of a layout is stored, and its file still holds that network."""
        rows = self.nets[self.nets["layout"] == layout]
        return len(rows) == self.study.restarts and all(
            _holds(nets_folder(self.folder) / file, content_hash)
            for file, content_hash in zip(rows["file"], rows["content_hash"], strict=True)
        )

    def solving_left(self) -> list[SolveTask]:
        """The solves of trained layouts that are not stored, or failed, seed by seed.

        Of a problem every restart is solved with the first seed, for what its decision is worth;
        the best and the median one with the others, for the time.
        """
        return [
            SolveTask(
                study=self.study,
                layout=layout,
                recipe=self.study.recipe,
                restart=restart,
                path=self.net_path(layout, restart),
                content_hash=str(self._row(layout, restart)["content_hash"]),
                sense=sense,
                solver_seed=seed,
                encoding=encoding,
            )
            for layout, restart, sense, seed, encoding in self._unsolved()
        ]

    def _unsolved(self) -> Iterator[tuple[str, int, Question, int, str]]:
        """Layout, restart, sense, seed and encoding of the solves that are left."""
        study = self.study
        keys = ["layout", "restart", "sense", "solver_seed", "encoding"]
        solved = self.solves[self.solves["status"] != "failed"]
        done = set(solved[keys].itertuples(index=False, name=None))
        trained = set(self.nets["layout"])
        chosen = {
            name: self._solved_restarts(name) for name in study.all_layouts if name in trained
        }
        return (
            (layout, restart, sense, seed, encoding)
            for seed in study.solver_seeds
            for layout, (some, others) in chosen.items()
            for restart in (some + others if seed == study.solver_seeds[0] else some)
            for sense in (_SENSES if study.problem == BOX else _DECISION)
            for encoding in study.encodings
            if (layout, restart, sense, seed, encoding) not in done
        )

    def _solved_restarts(self, layout: str) -> tuple[list[int], list[int]]:
        """Which restarts of a layout are solved with every HiGHS seed, and with the first alone."""
        chosen = list(best_and_median(self.nets, layout, self.study.recipe).values())
        if self.study.problem == BOX:
            return chosen, []
        mine = self.nets[self.nets["layout"] == layout]["restart"]
        return chosen, [int(r) for r in mine if r not in chosen]

    def refining_left(self, rounds: int) -> list[RefineTask]:
        """The layouts that are trained and not yet refined so often."""
        done = self.refinements[self.refinements["rounds"] >= rounds]["layout"]
        trained = set(self.nets["layout"]) - set(done)
        study = self.study
        return [
            RefineTask(study, layout, self.net_path(layout, best["best"]), rounds)
            for layout in study.all_layouts
            if rounds and layout in trained
            for best in [best_and_median(self.nets, layout, study.recipe)]
        ]

    def net_path(self, layout: str, restart: int) -> Path:
        """The ONNX file of one net."""
        return nets_folder(self.folder) / str(self._row(layout, restart)["file"])

    def _row(self, layout: str, restart: int) -> pd.Series:
        mine = (self.nets["layout"] == layout) & (self.nets["restart"] == restart)
        return self.nets[mine].iloc[0]


def _holds(path: Path, content_hash: str) -> bool:
    from surrogate.onnx_files import load  # here, so that choosing never loads ONNX

    try:
        return load(path).content_hash == content_hash
    except OnnxFileError:
        return False
