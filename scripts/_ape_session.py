"""`ape run <area> <verb>`: the verbs of `keifu <area>` with an ape account as their sender, on the network that ape is
connected to. Imports ape, and compiles nothing: the packaged artefacts do."""

from __future__ import annotations

import functools
from collections.abc import Callable
from functools import cached_property
from typing import Any

import ape
import click
from ape.api import AccountAPI
from ape.cli import ConnectedProviderCommand, account_option, network_option
from ape.exceptions import ApeException
from ape.logging import LogLevel, logger

from keifu.chain import ChainClient, Rpc
from keifu.cli.session import Session
from keifu.cli.verbs import Access, Noun, Verb
from keifu.errors import EnvironmentFault, KeifuError
from scripts._ape_deployer import ApeDeployer

__all__ = ["adapted"]

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
    def deployer(self) -> ApeDeployer:
        return ApeDeployer(self.ape_account, self.client, self.record.factory)

    def sign(self, digest: bytes) -> bytes:
        assert self.ape_account is not None
        signature: bytes = self.ape_account.sign_raw_msghash(digest).encode_rsv()
        return signature


def adapted(noun: Noun) -> click.Group:
    """The same verbs for `ape run`: --network and --account in the place of --rpc, --key-file and --role."""
    made = Noun("cli", help=noun.help or "", example=_example(noun.example))
    for verb in noun.commands.values():
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
    return ConnectedProviderCommand(
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
