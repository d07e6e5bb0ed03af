"""Progress on stderr: a live bar on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

from time import perf_counter
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress

from surrogate.study import Progress

_SECONDS_BETWEEN_LINES = 5.0


class ProgressDisplay:
    """A listener for `run`, and a context manager around it.

    On a terminal it keeps one live bar per phase; in a log or a pipe it prints one line at most
    every five seconds, and one when a phase is complete.
    """

    def __init__(self, console: Console) -> None:
        """Show on `console`, which should write to stderr."""
        self._console = console
        self._bars = RichProgress(
            TextColumn("{task.fields[phase]:<9}"),
            BarColumn(),
            TextColumn("{task.fields[count]}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self._ids: dict[str, TaskID] = {}
        self._last = 0.0

    def __enter__(self) -> ProgressDisplay:
        """Start the live display, if there is one."""
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the last state on the screen."""
        self._bars.stop()

    def __call__(self, progress: Progress) -> None:
        """Show one event."""
        count, left = f"{int(progress.done)}/{progress.total}", _left(progress.remaining)
        if self._console.is_terminal:
            self._update_bar(progress, count, left)
            return
        complete = progress.ended and progress.done >= progress.total
        if complete or perf_counter() - self._last > _SECONDS_BETWEEN_LINES:
            self._last = perf_counter()
            self._console.print(f"{progress.phase} {count}, {left}", highlight=False)

    def _update_bar(self, progress: Progress, count: str, left: str) -> None:
        if progress.phase not in self._ids:
            self._ids[progress.phase] = self._bars.add_task(
                "", total=progress.total, phase=progress.phase, count="", left=""
            )
        self._bars.update(
            self._ids[progress.phase], completed=progress.done, count=count, left=left
        )


def _left(seconds: float | None) -> str:
    if seconds is None:
        return "estimating"
    return f"about {seconds:.0f} s left" if seconds < 90 else f"about {seconds / 60:.0f} min left"
