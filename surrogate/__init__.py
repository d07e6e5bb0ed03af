"""surrogate: which ReLU network belongs inside your optimization model.

Train every depth and width under a neuron budget, embed the nets as mixed-integer constraints,
solve, measure, and choose. Or put a net into a model of your own: `load` it, `embed` it with
certified bounds and the encoding that suits it, `solve`, and audit the solution. Names are imported
when they are first used, so that `import surrogate` is instant and torch is loaded only by
training.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from surrogate.bounds import Bounds as Bounds
    from surrogate.bounds import compute_bounds as compute_bounds
    from surrogate.box import Box as Box
    from surrogate.cells import CellFileWarning as CellFileWarning
    from surrogate.compiling import Compiled as Compiled
    from surrogate.compiling import compile_network as compile_network
    from surrogate.compiling import load as load
    from surrogate.constraints import LinearConstraints as LinearConstraints
    from surrogate.datasets import Dataset as Dataset
    from surrogate.datasets import Split as Split
    from surrogate.embedding import Embedding as Embedding
    from surrogate.embedding import embed as embed
    from surrogate.errors import SurrogateError as SurrogateError
    from surrogate.network import Network as Network
    from surrogate.onnx_files import save as save
    from surrogate.simplifying import simplify as simplify
    from surrogate.solving import Solution as Solution
    from surrogate.solving import Strengthening as Strengthening
    from surrogate.solving import solve as solve
    from surrogate.solving import strengthen as strengthen
    from surrogate.study import Results as Results
    from surrogate.study import Study as Study
    from surrogate.study import run as run
    from surrogate.training import Trained as Trained
    from surrogate.training import TrainingWarning as TrainingWarning
    from surrogate.training import train as train
    from surrogate.training import train_layouts as train_layouts
    from surrogate.validity import Hull as Hull
    from surrogate.validity import HullWarning as HullWarning

_ROOMS = {
    "Bounds": "bounds",
    "Box": "box",
    "CellFileWarning": "cells",
    "Compiled": "compiling",
    "Dataset": "datasets",
    "Embedding": "embedding",
    "Hull": "validity",
    "HullWarning": "validity",
    "LinearConstraints": "constraints",
    "Network": "network",
    "Results": "study",
    "Solution": "solving",
    "Split": "datasets",
    "Strengthening": "solving",
    "Study": "study",
    "SurrogateError": "errors",
    "Trained": "training",
    "TrainingWarning": "training",
    "compile_network": "compiling",
    "compute_bounds": "bounds",
    "embed": "embedding",
    "load": "compiling",
    "run": "study",
    "save": "onnx_files",
    "simplify": "simplifying",
    "solve": "solving",
    "strengthen": "solving",
    "train": "training",
    "train_layouts": "training",
}

__all__ = sorted(_ROOMS)


def __getattr__(name: str) -> Any:
    """Import a public name from its room when it is first used; `__version__` is looked up."""
    if name == "__version__":
        from importlib.metadata import version  # here: as long to import as all that is above

        return version("surrogate")
    if name not in _ROOMS:
        raise AttributeError(f"module 'surrogate' has no attribute {name!r}")
    return getattr(import_module(f"surrogate.{_ROOMS[name]}"), name)


def __dir__() -> list[str]:
    """The public names."""
    return [*__all__, "__version__"]
