"""Progress of long work: on stderr, on a terminal only, and gone when it is done."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

# Seconds before a progress bar appears: what is done in a moment needs none.
_MOMENT = 0.5


@contextmanager
def progress(files: int, *, hidden: bool) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr, on a terminal only, once the scan has taken longer than a moment."""
    started = monotonic()
    bar: ProgressBar[int] | None = None
    done = 0

    def advance(count: int) -> None:
        nonlocal bar, done
        done += count
        if bar is None and monotonic() - started > _MOMENT:
            bar = click.progressbar(length=files, label="Scanning", file=sys.stderr, show_pos=True)
            bar.update(done)
        elif bar is not None:
            bar.update(count)

    try:
        yield (lambda count: None) if hidden or not sys.stderr.isatty() else advance
    finally:
        if bar is not None:
            # The bar tells nothing that the report does not, so it goes; and click hid the cursor for it.
            click.echo("\r\x1b[2K\x1b[?25h", nl=False, err=True, color=True)
