"""`Environment`: on what a result was made."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True)
class Environment:
    """Versions, machine and time of one run; `workers` is how many tasks ran at once."""

    started: str
    surrogate: str
    python: str
    numpy: str
    torch: str
    onnx: str
    onnxruntime: str
    omlt: str
    pyomo: str
    highspy: str
    cpu: str
    cores: int
    platform: str
    workers: int

    @classmethod
    def current(cls, workers: int) -> Environment:
        """The environment of this process. No user, host name or path is recorded."""
        from importlib.metadata import version  # here, as whoever reads a store needs none of it

        packages = "surrogate numpy torch onnx onnxruntime omlt pyomo highspy"
        return cls(
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            python=platform.python_version(),
            cpu=_cpu_model(),
            cores=os.cpu_count() or 1,
            platform=f"{platform.system()} {platform.machine()}",
            workers=workers,
            **{name: version(name) for name in packages.split()},
        )


def _cpu_model() -> str:
    """The processor's name where the system tells it (Linux), else its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
