"""Run as a program: walks every noun and verb, gives each wrong arguments, and prints what became of them as JSON.

One process for all of them: what no refusal may import shows at the end, whoever imported it.
"""

from __future__ import annotations

import contextlib
import io
import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from keifu.cli import main
from keifu.cli.root import cli

HEAVY = (
    "numba",
    "numpy",
    "eth_abi",
    "httpx",
    "rich",
    "coincurve",
    "cryptography",
    "msgspec",
    "pydantic",
    "prometheus_client",
    "structlog",
    "rlp",
    "matplotlib",
    "ape",
)
# A value of each type that is taken, and some that are not. `None`: every text is taken.
SAMPLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "coins": ("1.5", ("-1", "1e3", "many", "0.0000000000000000001", "1,5", "1,00", "1.143,00")),
    "address": ("0x" + "11" * 20, ("0x12", "11" * 20, "0x" + "zz" * 20)),
    "id": ("ab12cd34", ("zz", "abc", "ab" * 33)),
    "hex": ("ab" * 32, ("abcd", "zz" * 32)),
    "duration": ("2 days", ("soon", "-5", "0", "2 fortnights", "101 years")),
    "time": ("2030-01-01", ("1700000000000", "-5", "tomorrow")),
    "url": ("http://127.0.0.1:9", ("127.0.0.1", "ftp://node")),
    "relation=id": ("trained-on=ab12cd34", ("trained-on", "made-of=ab12cd34", "trained-on=zz")),
    "public key": ("ab" * 64, ("ab" * 32, "zz" * 64)),
    "function": ("transfer(address,uint256)", ("transfer", "transfer(address", "transfer(address, uint256)")),
    "bytes": ("0xabcd", ("abc", "zz")),
    "address:function": ("0x" + "11" * 20 + ":f()", ("0x12", "0x" + "11" * 20 + ":f")),
    "token=amount": ("ether=1", ("ether", "ether=many", "0x12=1")),
    "host:port": ("127.0.0.1:1", ("9650", "host:99999", ":1")),
    "name=value": ("drain=5", ("drain", "=5")),
    "integer": ("1", ("x", "1.5")),
    "integer range": ("1", ("x", "-1")),
    "float": ("1", ("x",)),
}


def walk(command: click.Command, words: list[str], context: click.Context) -> Iterator[tuple[list[str], click.Command]]:
    """Every command that is no group, with its words."""
    if not isinstance(command, click.Group):
        yield words, command
        return
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from walk(found, [*words, name], context)


def sample(kind: click.ParamType, folder: Path) -> tuple[str, tuple[str, ...]]:
    if isinstance(kind, click.Choice):
        return kind.choices[0], ("no-such-choice",)
    if kind.name in SAMPLES:
        return SAMPLES[kind.name]
    if isinstance(kind, click.Path):
        bad = ("/no/such/place",) if kind.exists else ()
        return str(folder / "allocation.json" if not kind.dir_okay else folder), bad
    if kind.name == "directory":
        return str(folder), ("/no/such/place",)
    return "text", ("x" * 500,) if hasattr(kind, "limit") else ()


def wrong(command: click.Command, folder: Path) -> Iterator[list[str]]:
    """Arguments of which one is wrong."""
    required = {
        parameter.name: (parameter, sample(parameter.type, folder)[0])
        for parameter in command.params
        if parameter.required
    }

    def line(changed: click.Parameter, value: str) -> list[str]:
        chosen = {**required, changed.name: (changed, value)}
        options = [f"{p.opts[0]}={v}" for p, v in chosen.values() if isinstance(p, click.Option)]
        return [*options, "--", *(v for p, v in chosen.values() if isinstance(p, click.Argument))]

    yield ["--no-such-option"]
    if all(parameter.nargs != -1 for parameter in command.params):
        yield [
            *(value for parameter, value in required.values() if isinstance(parameter, click.Argument)),
            *["more"] * 3,
        ]
    for parameter in command.params:
        for value in sample(parameter.type, folder)[1]:
            if not getattr(parameter, "is_flag", False):
                yield line(parameter, value)


def run(args: list[str]) -> dict[str, Any]:
    out, err = io.StringIO(), io.StringIO()
    status: Any = None
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main(args)
    except SystemExit as ending:
        status = ending.code
    return {"args": args, "status": status, "out": out.getvalue(), "err": err.getvalue()}


def report(folder: Path) -> dict[str, Any]:
    contacted: list[Any] = []
    socket.socket.connect = lambda self, address: contacted.append(address)  # type: ignore[assignment,method-assign]
    context = click.Context(cli, info_name="keifu")
    verbs = list(walk(cli, [], context))
    refused = [run([*words, *args]) for words, command in verbs for args in wrong(command, folder)]
    helps = [run([*words, "--help"]) for words, _ in verbs]
    return {
        "verbs": [[words, sorted(opt for p in command.params for opt in p.opts)] for words, command in verbs],
        "refused": refused,
        "helps": helps,
        "contacted": [str(item) for item in contacted],
        "heavy": [name for name in HEAVY if name in sys.modules],
    }


if __name__ == "__main__":
    print(json.dumps(report(Path(sys.argv[1]))))
