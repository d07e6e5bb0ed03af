"""`Store`: a results folder with `results.sqlite`, one row per trained network and one per solve.

Every finished task is committed at once, so an interrupted run keeps what it has. Rows point to the
environment (versions, CPU) that made them; a resumed run may have several.
"""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pandas as pd

from surrogate.errors import StoreError
from surrogate.study.environment import Environment
from surrogate.study.rows import NetRow, RefineRow, SolveRow
from surrogate.study.schema import BOOLEANS, FORMAT, KEYS, create_tables
from surrogate.study.spec import Study


class Store:
    """The results folder of one study; `close` it when done.

    `Store.create` starts a folder, `Store.open` continues or reads one. Both raise `StoreError`
    naming the folder, what is wrong with it and what to do.
    """

    def __init__(
        self,
        folder: Path,
        connection: sqlite3.Connection,
        study: Study,
        surrogates: tuple[str, ...],
    ) -> None:
        """Use `create` or `open`."""
        self.folder, self.study, self.surrogates = folder, study, surrogates
        self._connection = connection
        self._environment: int | None = None

    @classmethod
    def create(
        cls,
        folder: Path,
        study: Study,
        surrogates: tuple[str, ...] = ("",),
        fingerprint: str = "",
    ) -> Store:
        """A new folder for `study`. It must not hold results yet.

        surrogates    the networks of a restart (`Subject.surrogates`): a reader need not ask the
                      problem for them
        fingerprint   of the study's own files (`surrogate.study.subject.fingerprint`)
        """
        database = _database(folder)
        if database.exists():
            raise StoreError(
                f"{folder} already holds results; add --resume (resume=True) to finish or show "
                "them, or name another folder with --out (out=)"
            )
        try:
            nets_folder(folder).mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(database)
            with connection:
                connection.execute("BEGIN")  # all tables or none: a kill leaves no half a store
                create_tables(connection, study, surrogates, fingerprint)
        except (OSError, sqlite3.Error) as exc:
            raise StoreError(
                f"{folder} cannot be written ({exc}); name another with --out"
            ) from exc
        return cls(folder, connection, study, surrogates)

    @classmethod
    def open(cls, folder: Path) -> Store:
        """The store in `folder`, with the study that it was created for."""
        database = _database(folder)
        if not database.is_file():
            what = "is a file; name its folder" if folder.is_file() else "holds no results.sqlite"
            raise StoreError(f"{folder} {what}; results come from: surrogate run")
        try:
            connection = sqlite3.connect(database)
            meta = dict(connection.execute("SELECT key, value FROM meta").fetchall())
        except sqlite3.Error as exc:
            raise StoreError(
                f"{database} cannot be read ({exc}); restore it, or run into another folder"
            ) from exc
        if meta.get("format") != FORMAT:
            raise StoreError(
                f"{database} has format {meta.get('format')}, this version reads {FORMAT}; "
                "run the study again into another folder"
            )
        try:
            study, surrogates = Study(**json.loads(meta["study"])), json.loads(meta["surrogates"])
            return cls(folder, connection, study, tuple(surrogates))
        except (KeyError, ValueError) as exc:
            raise StoreError(
                f"{database} holds no readable study ({exc}); "
                "restore it, or run into another folder"
            ) from exc

    @property
    def fingerprint(self) -> str:
        """Of the study's own files, when the folder was made."""
        (found,) = self._connection.execute("SELECT value FROM meta WHERE key = 'files'").fetchone()
        return str(found)

    def close(self) -> None:
        """Close the database; what was added is on disk already."""
        self._connection.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only run that adds results. Raises `StoreError` while another run does.

        The lock is a transaction on a database of its own: it ends with the process that holds it,
        however that ends, and nobody who only reads has to wait for it.
        """
        try:
            lock = sqlite3.connect(self.folder / ".lock.sqlite", timeout=0)
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as exc:
            if exc.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise StoreError(
                    f"another run is adding results to {self.folder}; wait for it to end, "
                    "or name another folder with --out (out=)"
                ) from exc
            raise StoreError(
                f"{self.folder} cannot be locked ({exc}); check its permissions, "
                "or name another folder with --out (out=)"
            ) from exc
        with closing(lock):
            yield

    def record_environment(self, environment: Environment) -> None:
        """Rows added from now on were made in `environment`."""
        with self._transaction():
            self._environment = self._insert("environments", dataclasses.asdict(environment))

    def add_nets(self, rows: Iterable[NetRow]) -> None:
        """Commit trained networks; solves and rounds of one that they replace are forgotten."""
        with self._transaction():
            for row in rows:
                trained = {"layout": row.layout, "recipe": row.recipe}
                restart = {**trained, "restart": row.restart}
                known = {"surrogate": row.surrogate, "content_hash": row.content_hash}
                if not self._holds("nets", restart | known):
                    self._forget("solves", restart)
                    self._forget("refinements", trained)
                self._add("nets", {**dataclasses.asdict(row), "curve": json.dumps(row.curve)})

    def add_solve(self, row: SolveRow) -> None:
        """Commit one solve; a solve that failed before is replaced."""
        with self._transaction():
            self._add("solves", dataclasses.asdict(row))

    def add_refinement(self, rows: Sequence[RefineRow]) -> None:
        """Commit all rounds of a layout and recipe, in place of those that were there."""
        with self._transaction():
            for layout, recipe in {(row.layout, row.recipe) for row in rows}:
                self._forget("refinements", {"layout": layout, "recipe": recipe})
            for row in rows:
                self._add("refinements", dataclasses.asdict(row))

    def nets(self) -> pd.DataFrame:
        """One row per trained network, `surrogate.study.rows.NetRow` plus `environment`."""
        frame = self._read("nets")
        frame["curve"] = frame["curve"].map(json.loads)
        return frame

    def solves(self) -> pd.DataFrame:
        """One row per solve, `surrogate.study.rows.SolveRow` plus `environment`."""
        return self._read("solves")

    def refinements(self) -> pd.DataFrame:
        """One row per round, `surrogate.study.rows.RefineRow` plus `environment`."""
        return self._read("refinements")

    def environments(self) -> pd.DataFrame:
        """One row per run that added results, `surrogate.study.environment.Environment`."""
        return self._read("environments")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing of what the block adds."""
        try:
            with self._connection:
                yield
        except sqlite3.Error as exc:
            raise StoreError(
                f"{_database(self.folder)} cannot be written ({exc}); "
                "check the folder's permissions and space"
            ) from exc

    def _holds(self, table: str, row: Mapping[str, object]) -> bool:
        """Whether there is a row with these values."""
        sql = f"SELECT 1 FROM {table} WHERE {_where(row)} LIMIT 1"
        return self._connection.execute(sql, list(row.values())).fetchone() is not None

    def _forget(self, table: str, rows: Mapping[str, object]) -> None:
        """Delete the rows with these values."""
        self._connection.execute(f"DELETE FROM {table} WHERE {_where(rows)}", list(rows.values()))

    def _add(self, table: str, row: dict[str, object]) -> None:
        self._insert(table, {**row, "environment": self._environment})

    def _insert(self, table: str, row: dict[str, object]) -> int | None:
        marks = ", ".join("?" * len(row))
        sql = f"INSERT OR REPLACE INTO {table} ({', '.join(row)}) VALUES ({marks})"
        return self._connection.execute(sql, list(row.values())).lastrowid

    def _read(self, table: str) -> pd.DataFrame:
        try:
            order = ", ".join(KEYS[table])  # not the order of finishing, which is luck
            frame = pd.read_sql_query(f"SELECT * FROM {table} ORDER BY {order}", self._connection)
        except pd.errors.DatabaseError as exc:
            raise StoreError(
                f"{_database(self.folder)} is damaged ({exc}); "
                "restore it, or run into another folder"
            ) from exc
        for name in BOOLEANS.get(table, ()):
            frame[name] = frame[name].astype("boolean")
        return frame


def nets_folder(folder: Path) -> Path:
    """Where the ONNX files of a results folder are."""
    return folder / "nets"


def holds_results(folder: Path) -> bool:
    """Whether a folder has a store, of whatever study and state."""
    return _database(folder).is_file()


def _database(folder: Path) -> Path:
    return folder / "results.sqlite"


def _where(values: Iterable[str]) -> str:
    return " AND ".join(f"{name} = ?" for name in values)
