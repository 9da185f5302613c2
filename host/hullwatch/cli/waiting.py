"""A line on stderr that shows how far a long command has come; only where a person looks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn


class Waiting:
    """Told how far it is with `advance_to`."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def advance_to(self, done: int, total: int | None = None) -> None:
        """So much is done; of `total`, where that is known."""
        if total is not None:
            self._progress.update(self._task, completed=done, total=total)
        else:
            self._progress.update(self._task, completed=done)


@contextmanager
def waiting(what: str) -> Iterator[Waiting]:
    """Show `what` and a count for as long as the block lasts, then nothing."""
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description} {task.completed}"),
        BarColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as progress:
        yield Waiting(progress, progress.add_task(what, total=None))
