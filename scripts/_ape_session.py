"""`ape run <area> <verb>`: the verbs of `keifu <area>` with an ape account as their sender, on the network that ape is
connected to. Imports ape, and compiles nothing: the packaged artefacts do."""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import ape
import click
import yaml
from ape.api import AccountAPI
from ape.cli import ConnectedProviderCommand, account_option, network_option
from ape.exceptions import ApeException
from ape.logging import LogLevel, logger

from keifu.chain import ChainClient, ExternalAccount, Rpc
from keifu.cli.session import Session
from keifu.cli.verbs import Access, Noun, Verb
from keifu.errors import EnvironmentFault, KeifuError
from scripts._ape_deployer import ApeAccount, ApeDeployer

__all__ = ["adapted", "unset_variable"]

NETWORK = "--network ethereum:local:foundry"


class ApeSession(Session):
    """The network that ape is connected to, and an ape account."""

    def __init__(self, account: AccountAPI | None = None, chain_id: int | None = None) -> None:
        self.ape_account, self.chain_id = account, chain_id

    @cached_property
    def client(self) -> ChainClient:
        """Raises EnvironmentFault for a local chain that ape has just started and will take away again, ChainMismatch
        for another chain than was asked for."""
        provider = ape.networks.provider
        if getattr(provider, "process", None) is not None:
            raise EnvironmentFault(
                "ape has just started this chain and would end it with the command",
                remedy="run `keifu chain` in another terminal and the export that it prints in this one",
            )
        rpc = Rpc(str(provider.http_uri))
        if self.chain_id:
            rpc.require_chain(self.chain_id)
        return ChainClient(rpc)

    @property
    def is_local(self) -> bool:
        return bool(ape.networks.provider.network.is_local)

    @cached_property
    def account(self) -> ExternalAccount:
        assert self.ape_account is not None
        return ApeAccount(self.ape_account)

    @cached_property
    def deployer(self) -> ApeDeployer:
        return ApeDeployer(self.ape_account, self.client, self.record.factory)

    def sign(self, digest: bytes) -> bytes:
        assert self.ape_account is not None
        signature: bytes = self.ape_account.sign_raw_msghash(digest).encode_rsv()
        return signature


class Connected(ConnectedProviderCommand):
    """Names the variable that an address of `ape-config.yaml` comes from, when it is not set: ape shows it as it is."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if missing := unset_variable(args, ape.project.path / "ape-config.yaml"):
            name, network = missing
            fault = EnvironmentFault(f"{name} is not set", remedy=f"it is the address of a node of {network}")
            click.echo(f"keifu: {fault}", err=True)
            raise SystemExit(fault.exit_code)
        found: list[str] = super().parse_args(ctx, args)
        return found


def unset_variable(args: list[str], config: Path) -> tuple[str, str] | None:
    """The variable that the chosen network's address comes from and that has no value, and the network."""
    words = [part for word in args for part in word.split("=", 1)]
    chosen = dict(itertools.pairwise(words)).get("--network", "")
    ecosystem, _, rest = chosen.partition(":")
    network = rest.partition(":")[0]
    nodes = yaml.safe_load(config.read_text()).get("node", {}) if config.exists() else {}
    address = nodes.get(ecosystem, {}).get(network, {}).get("uri", "")
    name = address[1:].strip("{}") if address.startswith("$") else ""
    return (name, f"{ecosystem}:{network}") if name and not os.environ.get(name) else None


def adapted(noun: Noun) -> click.Group:
    """The same verbs for `ape run`: --network and --account in the place of --rpc, --key-file and --role."""
    made = Noun("cli", help=noun.help or "", example=_example(noun.example))
    context = click.Context(noun)
    for name in noun.list_commands(context):
        verb = noun.get_command(context, name)
        assert isinstance(verb, Verb)
        made.add_command(_adapted(verb))
    return made


def _adapted(verb: Verb) -> click.Command:
    if verb.access is Access.NONE:
        return click.Command(
            verb.name, callback=_guarded(verb.body), params=verb.own, help=verb.help, epilog=_epilog(verb)
        )

    def call(account: AccountAPI | None = None, chain_id: int | None = None, **params: Any) -> Any:
        if params.get("json_out"):
            logger.set_level(LogLevel.ERROR)
        return verb.body(ApeSession(account, chain_id), **params)

    decorators = [network_option()]
    if verb.access is Access.SEND:
        decorators += [
            account_option(),
            click.option("--chain-id", type=int, help="Refuse to send to any other chain."),
        ]
    for decorate in decorators:
        call = decorate(call)
    added = call.__dict__.pop("__click_params__")
    return Connected(
        verb.name, callback=_guarded(call), params=[*verb.own, *reversed(added)], help=verb.help, epilog=_epilog(verb)
    )


def _epilog(verb: Verb) -> str:
    where = "" if verb.access is Access.NONE else f" {NETWORK}"
    return f"\b\nExample: {_example(verb.example)}{where}"


def _example(text: str) -> str:
    head, _, _ = text.replace("keifu ", "ape run ", 1).partition(" --role ")
    return head + (" --account TEST::0" if " --role " in text else "")


def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """End expected faults with one line on standard error and the exit status of the project."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except KeifuError as error:
            click.echo(f"keifu: {error}", err=True)
            raise SystemExit(error.exit_code) from error
        except ApeException as error:
            click.echo(f"keifu: {str(error).splitlines()[0]}", err=True)
            raise SystemExit(EnvironmentFault.exit_code) from error

    return wrapper
