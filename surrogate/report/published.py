"""The origin's published table, as printed and as it must be read.

The experiment called `test(num_nodes, num_layers)` but printed the columns as "hidden layers, nodes
per layer": the first two headings are swapped. Training the same nets shows it: one layer of 24
neurons reaches an MAE of a few 10^-3, while 24 layers of one neuron always die. The same run shows
that the last two MSE entries are a factor 10 too small: a constant net has an MSE of 1/9 = 0.11, an
order above 1101e-5.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedRow:
    """One row: `printed` is what its first two columns say, the layout is what it was trained on.

    mae is in units of 10^-3 and mse of 10^-5, as printed.
    """

    layout: str
    printed: str
    mae: float
    mse: float


PUBLISHED = (
    PublishedRow("1x24", "24 layers of 1", 5.7, 5.7),
    PublishedRow("2x12", "12 layers of 2", 4.6, 3.8),
    PublishedRow("3x8", "8 layers of 3", 4.5, 3.8),
    PublishedRow("4x6", "6 layers of 4", 5.1, 4.5),
    PublishedRow("6x4", "4 layers of 6", 9.9, 17.9),
    PublishedRow("8x3", "3 layers of 8", 20, 70),
    PublishedRow("12x2", "2 layers of 12", 249, 1101),
    PublishedRow("24x1", "1 layer of 24", 248, 1101),
)

NOTE = (
    "Published: the origin's table swaps its first two headings (it called test(num_nodes, "
    'num_layers)), so its row "24 layers of 1" is 1x24; its last two MSE entries are also a factor '
    "10 too small."
)
