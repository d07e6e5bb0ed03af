"""Code of the user's, run and called: what it raises becomes an `InputError` with its own line."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from surrogate.errors import InputError


def run_file(path: Path) -> dict[str, Any]:
    """The names that a Python file defines. Its folder can be imported from while it is run.

    Raises `InputError` for a file that cannot be read, is no Python, or raises.
    """
    try:
        source = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); name a Python file") from None
    try:
        code = compile(source, str(path), "exec")
    except SyntaxError as error:
        raise InputError(f"{path}, line {error.lineno}: {error.msg}") from None
    except ValueError as error:  # a null byte
        raise InputError(f"{path} is no Python file: {error}") from None
    module = ModuleType(f"_surrogate_problem_{path.stem}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses look for the module of their class there
    folder = str(path.parent.resolve())
    sys.path.append(folder)  # last: no file there may pass for a library's
    try:
        exec(code, vars(module))
    except (Exception, SystemExit) as error:
        raise _blamed(path, error, "", str(path)) from None
    finally:
        sys.path.reverse()
        sys.path.remove(folder)  # the last one, which is ours
        sys.path.reverse()
    return vars(module)


def calling(path: Path, function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function of the file returns. Raises `InputError` with the line when it raises."""
    try:
        return function(*arguments)
    except (Exception, SystemExit) as error:
        name = getattr(function, "__name__", "it")
        raise _blamed(path, error, f"{name} raised ", line_of(path, function)) from None


def line_of(path: Path, function: Any) -> str:
    """Where a function of the file begins."""
    code = getattr(function, "__code__", None)
    if code is None or code.co_filename != str(path):
        return str(path)
    return f"{path}, line {code.co_firstlineno}"


def _blamed(path: Path, error: BaseException, prefix: str, where: str) -> InputError:
    """The error as the user's: at the last line of her file that was running."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    if lines:
        where = f"{path}, line {lines[-1]}"
    return InputError(f"{where}: {prefix}{type(error).__name__}: {error}")
