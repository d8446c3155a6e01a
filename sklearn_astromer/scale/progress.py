"""How far a long run is: a bar on a terminal, else a line a minute."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType

from tqdm.auto import tqdm

logger = logging.getLogger(__name__)
SECONDS = 60.0


class Progress:
    """Progress of a run over so many objects.

    Parameters
    ----------
    total : int, optional
        Objects in all, if that is known.
    shown : bool
        Whether to show anything.
    say : callable, optional
        What takes lines where there is no terminal. None: the logger of this module.
    """

    def __init__(
        self, total: int | None, *, shown: bool = True, say: Callable[[str], None] | None = None
    ) -> None:
        self.total, self.say = total, say or logger.info
        terminal = sys.stderr is not None and sys.stderr.isatty()
        self.lines = shown and not terminal
        self.bar = tqdm(total=total, unit="object", disable=not (shown and terminal))
        self.computed = self.skipped = 0
        self.began = self.said = time.monotonic()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.bar.close()

    def skip(self, n: int) -> None:
        """Count objects that cost nothing now."""
        self.skipped += n
        if not self.bar.disable:
            self.bar.initial += n  # not of its rate
            self.bar.update(n)

    def update(self, n: int) -> None:
        """Count objects that are done."""
        self.computed += n
        self.bar.update(n)
        now = time.monotonic()
        if self.lines and n and now - self.said >= SECONDS:
            self.said = now
            self.say(self.line(now - self.began))

    def line(self, seconds: float) -> str:
        """Say how far it is, how fast, and how long it will take."""
        rate = self.computed / seconds
        done = self.computed + self.skipped
        if self.total is None:
            return f"{done} objects, {rate:.0f} a second"
        left = timedelta(seconds=round((self.total - done) / rate))
        return f"{done} of {self.total} objects, {rate:.0f} a second, {left} left"
