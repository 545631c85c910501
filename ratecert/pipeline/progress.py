"""A bar on standard error for long work, and only where a person looks at it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["bar", "progress"]


def bar(label: str, total: int | None = None) -> Progress:
    """Return a bar with one task: done of all, the time taken, the time left, a description.

    The time left is that of the parts not done at the mean pace of those that are; rich's own
    estimate looks at the last seconds only, in which a slow part shows nothing.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeElapsedColumn,
    )
    from rich.text import Text

    class TimeLeft(ProgressColumn):
        def render(self, task: Task) -> Text:
            if not (task.elapsed and task.completed and task.total):
                return Text("")
            seconds = task.elapsed * (task.total - task.completed) / task.completed
            return Text(f"{timedelta(seconds=round(seconds))} left", style="cyan")

    columns = (
        TextColumn(label),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeLeft(),
        TextColumn("{task.description}"),
    )
    shown = Progress(*columns, console=Console(stderr=True), transient=True)
    shown.add_task("", total=total)
    return shown


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function of the parts done and all parts that draws the bar, with the time left."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    with bar(label) as shown:
        task = shown.task_ids[0]
        yield lambda done, total: shown.update(task, completed=done, total=total)
