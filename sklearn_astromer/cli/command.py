"""Commands that are imported when they run, and the types of their options; all on click."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click

from sklearn_astromer._closest import closest
from sklearn_astromer.cli.apart import Output, check_apart
from sklearn_astromer.cli.messages import PROG

QUIET = "No progress and no remarks, only results and warnings."
DEBUG = "Show where an error comes from."
COMMON = (
    click.Option(["--quiet"], is_flag=True, help=QUIET),
    click.Option(["--debug"], is_flag=True, help=DEBUG),
)


class Choice(click.Choice[str]):
    """One of some words; of another it says which is like it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the word."""
        if value not in self.choices:
            self.fail(f"{value!r} is none of them: {closest(value, self.choices)}", param, ctx)
        return value


class File(click.Path):
    """A path, which may have to end in one of some ways; "" is that of folders.

    `written` says that the command writes it, and how.
    """

    def __init__(self, *endings: str, written: Output | None = None) -> None:
        super().__init__(readable=False, path_type=Path)
        self.endings = endings
        self.written = written

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path; ``~`` is the user's home, which no shell replaces after a ``=``."""
        path = Path(value).expanduser()
        folder = "" in self.endings and path.is_dir()
        if self.endings and path.suffix.lower() not in self.endings and not folder:
            also = ", and is no folder" if "" in self.endings else ""
            endings = " or ".join(filter(None, self.endings))
            self.fail(f"{str(value)!r} does not end in {endings}{also}", param, ctx)
        return path


def _shown(examples: Iterable[str]) -> str:
    """Return command lines as click shows them, none of which is wrapped."""
    lines = [f"  {PROG} {each}" for each in examples]
    return "\n".join(["\b", "Examples:", *lines]) if lines else ""


class Command(click.Command):
    """A command whose module is imported when it runs: its help waits for no torch.

    Parameters
    ----------
    runs : str
        ``"module"`` or ``"module:function"`` of this package; the function is called as the module
        if not given. It gets a namespace of all parameters, and in it ``words``, the command line,
        and ``received``, a list of the signals that came.
    text : str
        What it does; the first line, a sentence, stands for it in lists.
    params, reading : sequence of click.Parameter
        Its own, and how a catalog is read.
    examples : iterable of str
        Command lines, without the name of the program.
    sections : mapping, optional
        Further options, under titles of their own.
    """

    def __init__(
        self,
        runs: str,
        text: str,
        params: Sequence[click.Parameter] = (),
        reading: Sequence[click.Option] = (),
        examples: Iterable[str] = (),
        sections: Mapping[str, Iterable[click.Option]] | None = None,
    ) -> None:
        self.module, _, function = runs.partition(":")
        self.function = function or self.module
        self.sections: dict[str, list[click.Parameter]] = {"Options": [*params, *COMMON]}
        self.sections |= {title: list(options) for title, options in (sections or {}).items()}
        self.sections["Reading the catalog"] = [*reading]
        super().__init__(
            self.function.strip("_"),
            params=[*chain.from_iterable(self.sections.values())],
            help=text,
            short_help=text.partition("\n")[0],
            epilog=_shown(examples),
            context_settings={"help_option_names": ["-h", "--help"]},
        )

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, section by section."""
        for title, params in self.sections.items():
            options = [param for param in params if isinstance(param, click.Option)]
            if options:
                with formatter.section(title):
                    formatter.write_dl([each.get_help_record(ctx) or ("", "") for each in options])

    def invoke(self, ctx: click.Context) -> None:
        """Import what it does, and do it."""
        ctx.obj.debug = ctx.params["debug"]
        check_apart(self.params, ctx.params)
        run = getattr(import_module(f"sklearn_astromer.cli.{self.module}"), self.function)
        run(SimpleNamespace(**ctx.params, words=ctx.obj.words, received=ctx.obj.received))


@click.pass_context
def _help_alone(ctx: click.Context) -> None:
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


class Group(click.Group):
    """Commands in the order in which they are given; alone, it prints its help."""

    def __init__(
        self,
        name: str,
        text: str,
        commands: Iterable[click.Command],
        examples: Iterable[str],
        epilog: str = "",
        **how: Any,
    ) -> None:
        super().__init__(
            name,
            commands={str(command.name): command for command in commands},
            callback=_help_alone,
            help=text,
            epilog="\n\n".join([_shown(examples), epilog]),
            invoke_without_command=True,
            subcommand_metavar="COMMAND …",
            **how,
        )

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in their order."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that was asked for; of another name it says which is like it."""
        if args[0] not in self.commands and not ctx.resilient_parsing:
            ctx.fail(f"there is no command {args[0]!r}: {closest(args[0], self.commands)}")
        return super().resolve_command(ctx, args)
