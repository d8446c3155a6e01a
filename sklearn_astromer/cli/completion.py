"""What ``sklearn-astromer completion`` does."""

from __future__ import annotations

from types import SimpleNamespace

from click.shell_completion import get_completion_class

from sklearn_astromer.cli.commands import CLI
from sklearn_astromer.cli.messages import COMPLETE, PROG, say


def completion(args: SimpleNamespace) -> None:
    """Print the script of a shell."""
    shell = get_completion_class(args.shell)
    assert shell is not None  # the argument is one of those that click knows
    say(shell(CLI, {}, PROG, COMPLETE).source())
