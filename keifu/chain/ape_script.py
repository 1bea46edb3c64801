"""What every ape script that sends begins and ends with. Imports ape."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ape
import click
from ape.api import AccountAPI
from ape.exceptions import ApeException
from ape.logging import LogLevel, logger

from keifu.chain._client import ChainClient
from keifu.chain.ape import ApeDeployer
from keifu.chain.deployments import Record, open_record
from keifu.chain.rpc import Rpc
from keifu.errors import EnvironmentFault, KeifuError
from keifu.evm import artifacts
from keifu.evm.ape_guard import refresh

__all__ = ["Session", "connect", "guarded"]


def guarded(function: Callable[..., Any]) -> Callable[..., Any]:
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


@dataclass(frozen=True)
class Session:
    """A connected network: ape sends, our client reads."""

    client: ChainClient
    record: Record

    def deployer(self, account: AccountAPI) -> ApeDeployer:
        """Sends with an ape account, through the factory of the record if there is one. Sends nothing yet."""
        return ApeDeployer(account, self.record.factory)


def connect(chain_id: int = 0, *, quiet: bool = False) -> Session:
    """The network that ape is connected to. `chain_id` is the one that the caller means to send to, if it says so;
    `quiet` keeps ape's own reports off the output.

    Raises EnvironmentFault for a local chain that ape has just started and will take away again, ChainMismatch for
    another chain than was asked for, or than the record in deployments/ is of.
    """
    if quiet:
        logger.set_level(LogLevel.ERROR)
    provider = ape.networks.provider
    if getattr(provider, "process", None) is not None:
        raise EnvironmentFault(
            "ape has just started this chain and would end it with the command",
            remedy="run `make chain` in another terminal and the export that it prints in this one",
        )
    rpc = Rpc(str(provider.http_uri))
    if chain_id:
        rpc.require_chain(chain_id)
    refresh(artifacts.project(), lambda: ape.project.load_contracts(use_cache=False))
    client = ChainClient(rpc)
    genesis = rpc.call("eth_getBlockByNumber", "0x0", False)["hash"]
    return Session(client, open_record(client.chain_id, genesis, disposable=provider.network.is_local))
