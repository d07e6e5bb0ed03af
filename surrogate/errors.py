"""The exception tree. Every error names the value, the limit and the remedy.

    SurrogateError
    ├── InputError            (ValueError)    the caller's mistake: exit code 2 on the command line
    │   ├── LayoutError                       a layout or a neuron budget that makes no network
    │   ├── BoxError                          a missing, empty or infinite input box
    │   ├── NetworkError                      weights and biases that make no network
    │   ├── OnnxFileError                     a file that is no ONNX, or is damaged
    │   │   └── UnsupportedNodeError          an ONNX node that no ReLU network can represent
    │   ├── EmbeddingError                    variables, blocks, encodings that do not fit the net
    │   ├── StudyError                        a study file with unknown keys or impossible values
    │   └── NoChoiceError                     limits that no architecture of a study meets
    ├── StoreError            (OSError)       a results folder that cannot be used: exit code 2
    ├── SolverError           (RuntimeError)  HiGHS refused, ignored an option or logged an error;
    │                                         or a process that shares the work failed
    └── AuditError            (RuntimeError)  there is no solution to audit

A time limit is a result, not an exception: see `surrogate.solving.Solution.status`.
"""


class SurrogateError(Exception):
    """Base of every error that this package raises on purpose."""


class InputError(SurrogateError, ValueError):
    """The caller gave a value that cannot be used."""


class LayoutError(InputError):
    """A layout or a neuron budget makes no network."""


class BoxError(InputError):
    """An input box is missing, empty or infinite."""


class NetworkError(InputError):
    """Weights, biases, box or labels do not fit together."""


class OnnxFileError(InputError):
    """A file is no ONNX model, is damaged, or points outside its own folder."""


class UnsupportedNodeError(OnnxFileError):
    """An ONNX node cannot be represented exactly by a feed-forward ReLU network."""


class EmbeddingError(InputError):
    """Variables, blocks or encodings do not fit the network that is embedded."""


class StudyError(InputError):
    """A study has unknown keys or impossible values."""


class NoChoiceError(InputError):
    """No architecture of a study can be chosen, or none within the limits.

    closest   the one that comes closest to the first limit that none meets, in plain values:
              layout, recipe, encoding, restart, and by name what is limited, to what, and the
              figure it has; None where there is nothing to choose from
    """

    def __init__(self, message: str, closest: dict[str, object] | None = None) -> None:
        super().__init__(message)
        self.closest = closest


class StoreError(SurrogateError, OSError):
    """A results folder cannot be read, written or resumed."""


class SolverError(SurrogateError, RuntimeError):
    """HiGHS refused the model, ignored an option or logged an error; or a process failed."""


class AuditError(SurrogateError, RuntimeError):
    """There is no solution to audit."""
