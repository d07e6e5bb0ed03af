"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Any

from surrogate.errors import InputError, StoreError


def checked_path(path: Any) -> Path:
    """The path. Raises `InputError` for what is none, such as a number."""
    if not isinstance(path, str | os.PathLike):
        raise InputError(
            f"{path!r} is no path but {type(path).__name__}; give a text or a pathlib.Path"
        )
    return Path(path)


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Write `content` to the file `path`, by way of a file beside it that is then renamed.

    Raises `StoreError` when the folder is missing or cannot be written.
    """
    target = checked_path(path)
    temporary = target.with_name(f".{uuid.uuid4().hex}.tmp") if target.name else target
    try:
        try:
            with temporary.open("xb") as file:
                file.write(content)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except (OSError, ValueError) as exc:  # ValueError: a zero byte in the path
        raise StoreError(
            f"cannot write {str(target)!r}: {getattr(exc, 'strerror', None) or exc}; "
            "give a file name in a folder that exists and can be written"
        ) from exc
