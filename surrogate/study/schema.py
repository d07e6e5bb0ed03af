"""The tables of a store: one per kind of row, and `meta` with what the store is of."""

from __future__ import annotations

import dataclasses
import json
import sqlite3

from surrogate.study.environment import Environment
from surrogate.study.rows import NetRow, RefineRow, SolveRow
from surrogate.study.spec import Study

FORMAT = "5"
"""It rises with every change of the tables: a folder of another format is refused."""
_SQL_TYPES = {"str": "TEXT", "float": "REAL", "int": "INTEGER", "bool": "INTEGER"}
KEYS = {
    "environments": ("id",),
    "nets": ("layout", "recipe", "restart", "surrogate"),
    "solves": ("layout", "recipe", "restart", "sense", "solver_seed", "encoding"),
    "refinements": ("layout", "recipe", "round", "surrogate"),
}
BOOLEANS = {"nets": ("dead",), "solves": ("pattern_matches", "audit_passed", "boundary")}


def create_tables(
    connection: sqlite3.Connection, study: Study, surrogates: tuple[str, ...], fingerprint: str
) -> None:
    """Make the tables of a new store, empty but for what it is a store of."""
    connection.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT)")
    meta = {
        "format": FORMAT,
        "study": study.model_dump_json(),
        "surrogates": json.dumps(surrogates),
        "files": fingerprint,
    }
    connection.executemany("INSERT INTO meta VALUES (?, ?)", list(meta.items()))
    tables = {
        "environments": Environment,
        "nets": NetRow,
        "solves": SolveRow,
        "refinements": RefineRow,
    }
    for table, row in tables.items():
        columns = [f"{f.name} {_sql_type(str(f.type))}" for f in dataclasses.fields(row)]
        if table == "environments":
            columns.insert(0, "id INTEGER PRIMARY KEY")
        else:
            columns.append("environment INTEGER NOT NULL REFERENCES environments (id)")
            columns.append(f"PRIMARY KEY ({', '.join(KEYS[table])})")
        connection.execute(f"CREATE TABLE {table} ({', '.join(columns)})")


def _sql_type(annotation: str) -> str:
    return _SQL_TYPES.get(annotation.removesuffix(" | None"), "TEXT")
