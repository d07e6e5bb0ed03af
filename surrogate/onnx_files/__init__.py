"""ONNX files: any feed-forward ReLU ONNX becomes a `Network`, and a `Network` a strict ONNX.

load(path) -> Network       reads, in float64, what a ReLU network represents exactly
save(network, path)         Gemm and Relu alternating; box, labels, provenance, hull inside the file
"""

from surrogate.onnx_files.reading import load
from surrogate.onnx_files.writing import save

__all__ = ["load", "save"]
