"""Restarts: what their networks are together, where a problem takes several.

Restart r of a layout and recipe is restart r of each of its networks: they go into the model
together, and are ranked, chosen and rejected together. Their errors are in units that can be
averaged, so that the mean absolute error of a restart is the mean over its networks, and its
largest error the largest of any. One dead network makes the restart dead: the model sees a
constant in place of one of its functions.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

_KEY = ["layout", "recipe", "restart"]
_FIGURES = {
    "mae": "mean",
    "mse": "mean",
    "max_error": "max",
    "training_mae": "mean",
    "dead": "any",
    "active": "sum",
    "inactive": "sum",
    "unstable": "sum",
}


def together(nets: pd.DataFrame, surrogates: Sequence[str]) -> pd.DataFrame:
    """One row per restart of which all networks are trained, the others left out.

    nets        one row per network (`surrogate.study.rows.NetRow`)
    surrogates  the names of a restart's networks

    The columns are layout, recipe, restart, the errors and counts of neurons of a `NetRow`, and
    networks, how many there are in a restart.
    """
    groups = nets[nets["surrogate"].isin(surrogates)].groupby(_KEY)
    whole = groups.size() == len(surrogates)
    return groups.agg(_FIGURES)[whole].reset_index().assign(networks=len(surrogates))


def apart(nets: pd.DataFrame, surrogates: Sequence[str]) -> dict[str, pd.DataFrame]:
    """By name the rows of one network of each restart, ranked as the restart is as a whole."""
    ranks = together(nets, surrogates)[[*_KEY, "training_mae"]]
    plain = nets.drop(columns="training_mae")
    return {name: plain[plain["surrogate"] == name].merge(ranks, on=_KEY) for name in surrogates}
