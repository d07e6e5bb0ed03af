"""`Trained`: what every recipe returns, one per restart."""

from __future__ import annotations

from dataclasses import dataclass

from surrogate.box import FloatArray
from surrogate.network import Network


@dataclass(frozen=True, eq=False)
class Trained:
    """One restart after training.

    network  in the caller's units, its scaling folded in
    restart  which restart of its layout, counted from 0: with the seed it names the random numbers
    curve    (epochs,) the training loss of each epoch, in unit coordinates, as training saw it
    """

    network: Network
    restart: int
    curve: FloatArray
