"""Nouns and verbs: a group that proposes the nearest name, and a command that says which access to a chain it needs.

A verb is a function of plain arguments. The options that reach a chain or sign are added here, so that one function is
a command of `keifu` (a key signs) and of `ape run` (an ape account does).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from enum import Enum
from typing import Any

import click

__all__ = ["SIMILAR", "Access", "LazyNoun", "Noun", "Place", "Verb", "json_option", "load", "verb"]

HELP = {"help_option_names": ["-h", "--help"]}
SIMILAR = 0.6  # difflib's own measure
LINE = 200  # characters of a command's first sentence: whole

Place = tuple[str, str]  # "module:attribute" of a command, and its line in the list


class Access(Enum):
    """What a verb needs of a chain: nothing, to read, to read with a key if there is one, or to send."""

    NONE = "none"
    READ = "read"
    MAY_SIGN = "may sign"
    SEND = "send"


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--json", "json_out", is_flag=True, help="Print one JSON document.")(command)


class Verb(click.Command):
    """A command whose `body` gets a Session as its first argument when it needs a chain."""

    def __init__(
        self, name: str, body: Callable[..., Any], *, example: str, access: Access, own: list[click.Parameter]
    ) -> None:
        self.body, self.example, self.access, self.own = body, example, access, own
        super().__init__(
            name,
            context_settings=HELP,
            callback=self._call,
            params=[*own, *_connection(access)],
            help=body.__doc__,
            epilog=f"\b\nExample: {example}",
        )

    def _call(self, **params: Any) -> Any:
        if self.access is Access.NONE:
            return self.body(**params)
        from keifu.cli.session import RpcSession

        names = {option.name for option in _connection(self.access)}
        given = {name: params.pop(name) for name in list(params) if name in names}
        session = RpcSession(**given, must_sign=self.access is Access.SEND)
        return self.body(session, **params)


def verb(name: str, *, example: str, access: Access = Access.NONE) -> Callable[[Callable[..., Any]], Verb]:
    """Make a command of a function whose parameters are those of its click options."""

    def make(body: Callable[..., Any]) -> Verb:
        own: list[click.Parameter] = list(reversed(body.__dict__.pop("__click_params__", [])))
        return Verb(name, body, example=example, access=access, own=own)

    return make


def _connection(access: Access) -> list[click.Parameter]:
    from keifu.cli import _options

    if access is Access.NONE:
        return []
    return [*_options.reading(), *(_options.signing() if access in (Access.SEND, Access.MAY_SIGN) else [])]


class Noun(click.Group):
    """A group that proposes the nearest verb for an unknown one."""

    def __init__(self, name: str, *, help: str, example: str, **attributes: Any) -> None:
        super().__init__(name, help=help, epilog=f"\b\nExample: {example}", context_settings=HELP, **attributes)
        self.example = example

    def verb(self, name: str, *, example: str, access: Access = Access.NONE) -> Callable[[Callable[..., Any]], Verb]:
        """A verb of this group."""

        def make(body: Callable[..., Any]) -> Verb:
            made = verb(name, example=example, access=access)(body)
            self.add_command(made)
            return made

        return make

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.line(name)) for name in self.list_commands(ctx)])

    def line(self, name: str) -> str:
        """What the list says of a command."""
        return self.commands[name].get_short_help_str(limit=LINE)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        command = self.get_command(ctx, name)
        if command is None and not ctx.resilient_parsing:
            self.unknown(ctx, name)
        return name, command, args[1:]

    def unknown(self, ctx: click.Context, name: str) -> None:
        """Refuse a name that is no command of this group."""
        near = get_close_matches(name, self.list_commands(ctx), cutoff=SIMILAR)
        raise click.NoSuchOption(name, f"No such command {name!r}", near, ctx)


class LazyNoun(Noun):
    """A group whose commands are imported when they are called; `places` says where they are and what they do."""

    def __init__(self, name: str, places: Mapping[str, Place], *, help: str, example: str) -> None:
        super().__init__(name, help=help, example=example)
        self.places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(self.places)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        del ctx
        return load(self.places[name][0]) if name in self.places else None

    def line(self, name: str) -> str:
        return self.places[name][1]


def load(place: str) -> click.Command:
    """The command at "module:attribute"."""
    module, _, attribute = place.partition(":")
    command: click.Command = getattr(importlib.import_module(module), attribute)
    return command
