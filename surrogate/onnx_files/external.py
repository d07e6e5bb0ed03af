"""External data: weights that an ONNX file keeps in a second file beside itself.

A crafted location could make a reader open any file of the machine, so every location is checked
before the first byte is read: it must name a regular file inside the model's own folder.
Source: https://onnx.ai/onnx/repo-docs/ExternalData.html
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import onnx
from onnx.external_data_helper import load_external_data_for_tensor, uses_external_data

from surrogate.errors import OnnxFileError


def load_external_data(model: onnx.ModelProto, folder: Path) -> None:
    """Fill in the tensors of `model` that are stored in other files of `folder`.

    Raises `OnnxFileError`, naming tensor and location, when a location is absolute, leaves the
    folder (also by a symbolic link), is missing, or does not hold the bytes it should.
    """
    external = [tensor for tensor in _tensors(model) if uses_external_data(tensor)]
    for tensor in external:
        _check_location(tensor, folder)
    for tensor in external:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # onnx warns of entries it does not know
                load_external_data_for_tensor(tensor, str(folder))
        except Exception as exc:  # onnx raises whatever its C++ side raises
            raise OnnxFileError(
                f"tensor {tensor.name!r}: its external data cannot be read ({exc}); "
                "put the complete data file beside the model"
            ) from exc


def _tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """The tensors a reader may look at: initializers, and those of the nodes' attributes."""
    yield from model.graph.initializer
    for node in model.graph.node:
        for attribute in node.attribute:
            yield attribute.t
            yield from attribute.tensors


def _check_location(tensor: onnx.TensorProto, folder: Path) -> None:
    locations = [entry.value for entry in tensor.external_data if entry.key == "location"]
    what = f"tensor {tensor.name!r}: its external data location"
    if len(locations) != 1 or not locations[0] or "\0" in locations[0]:
        raise OnnxFileError(f"{what} is {locations}; a file name is needed, export the model again")
    location = locations[0]
    inside = (folder / location).resolve().is_relative_to(folder.resolve())
    if Path(location).is_absolute() or ".." in Path(location).parts or not inside:
        raise OnnxFileError(
            f"{what} {location!r} is outside the model's own folder {str(folder)!r}, or not "
            "written as a path within it; "
            "put the data file beside the model, or save the model with the weights inside"
        )
    if not (folder / location).is_file():
        raise OnnxFileError(
            f"{what} {location!r} is missing from {str(folder)!r}; put the data file beside the "
            "model, or save the model with the weights inside"
        )
