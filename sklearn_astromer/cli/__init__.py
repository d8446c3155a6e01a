"""The command line: ``sklearn-astromer inspect``, ``embed``, ``search`` and others."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any, NoReturn

import click
from click.shell_completion import shell_complete

from sklearn_astromer._spinning import spin_briefly
from sklearn_astromer.cli.commands import CLI
from sklearn_astromer.cli.messages import COMPLETE, PROG, as_option, note
from sklearn_astromer.lightcurves.reading.remedies import told


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    argv : sequence of str, optional
        Its words; None: those of this process.

    Returns
    -------
    int
        The exit code: 0 fine, 1 an error of the input or its data, 128 and the number of the
        signal that ended it (130 interrupted, 143 terminated). Wrong usage raises
        ``SystemExit(2)``, and a question for help ``SystemExit(0)``.

    Examples
    --------
    >>> from sklearn_astromer.cli import main
    >>> main(["weights", "verify", "surveys-small"])  # doctest: +ELLIPSIS
    surveys-small: intact, part of the package, ...
    0
    """
    if argv is None:  # the process is this command's own
        spin_briefly(os.environ)
        if instruction := os.environ.get(COMPLETE):  # the shell asks how a word may go on
            raise SystemExit(shell_complete(CLI, {}, PROG, COMPLETE, instruction))
    words = list(sys.argv[1:] if argv is None else argv)
    with warnings.catch_warnings(), _signals() as received:
        warnings.showwarning = lambda message, *_, **__: note(f"warning: {message}")
        state = SimpleNamespace(words=[PROG, *words], received=received, debug=False)
        try:
            with CLI.make_context(PROG, words, obj=state) as context:
                CLI.invoke(context)
        except click.exceptions.Exit as done:
            raise SystemExit(done.exit_code) from None
        except click.UsageError as error:
            where = PROG if error.ctx is None else error.ctx.command_path
            text = " ".join(error.format_message().split()).rstrip(".")
            note(f"error: {text[:1].lower()}{text[1:]} (see {where} --help)")
            raise SystemExit(2) from None
        except KeyboardInterrupt:
            note("interrupted")
            return 128 + (received[0] if received else signal.SIGINT)
        except Exception as error:  # whatever it is, the user gets one line, or asks for more
            if state.debug:
                raise
            note(f"error: {_one_line(error)}")
            return 1
    return 0


@contextlib.contextmanager
def _signals() -> Iterator[list[int]]:
    """Turn SIGTERM and SIGHUP into interruptions, so that files are tidied; list what came."""
    received: list[int] = []

    def interrupt(number: int, frame: Any) -> NoReturn:
        received.append(number)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield received
        return
    numbers = [signal.SIGINT, signal.SIGTERM]
    closed = getattr(signal, "SIGHUP", None)
    if closed is not None and signal.getsignal(closed) != signal.SIG_IGN:  # as under nohup
        numbers.append(closed)
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _one_line(error: Exception) -> str:
    text = " ".join(told(error, as_option).split())
    if len(text) > 1300:  # all the columns of a wide table, say; the remedy is at the end
        text = f"{text[:700]} … {text[-500:]}"
    expected = (OSError, ValueError, TypeError, ImportError, ArithmeticError)
    if text and isinstance(error, expected):
        return text
    return f"{type(error).__name__}: {text} (--debug shows where)"
