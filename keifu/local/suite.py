"""The suite on a local chain, and ether and coins for whoever needs some."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ethwire.constants import ZERO_ADDRESS
from ethwire.rpc import quantity
from keifu.chain import ChainClient, Deployment, Rpc, RpcDeployer, deploy_protocol
from keifu.chain.deployments import Record, find_record
from keifu.chain.header import genesis_of
from keifu.chain.services import list_now
from keifu.chain.suite import HUB, TOKEN
from keifu.errors import EnvironmentFault, Revert, RpcError, UsageError
from keifu.grants.actions import list_token
from keifu.keys import Account
from keifu.local.roles import DEPLOYER, FUNDING_ETHER, ROLES
from keifu.staking.actions import pay
from keifu.units import COIN, DAY

__all__ = ["balances", "deploy_suite", "fund", "give_grant", "local_client", "record_of", "suite_of", "warp"]

ESCROW = "VestingEscrow"
GRANT_STEP, GRANT_STEPS = 365 * DAY, 4
EMISSION = 100_000_000 * COIN  # over four years


def local_client(url: str) -> ChainClient:
    """A client of the local chain at `url`. Raises UsageError when the node there is not anvil: on other chains nobody
    can give ether away."""
    rpc = Rpc(url)
    try:
        chain_id = rpc.chain_id()
    except RpcError as error:
        rpc.close()
        raise EnvironmentFault(
            f"nobody answers on {url}",
            remedy='keifu chain --detach starts a chain, eval "$(keifu chain env)" points this shell at it',
        ) from error
    try:
        rpc.call("anvil_nodeInfo")
    except (RpcError, Revert) as error:
        rpc.close()
        raise UsageError(
            f"{url} serves chain {chain_id}, which is no local chain of anvil",
            remedy="ether and coins are given on local chains only; look at --rpc and KEIFU_RPC",
        ) from error
    return ChainClient(rpc)


def deploy_suite(client: ChainClient, record: Record, folder: Path) -> Deployment:
    """Deploy everything, have the timelock list the services, and the coin for grants, fund the emission, pay the
    roles, and write the record in `folder`."""
    deployer = ROLES[DEPLOYER].account
    _give_ether(client, {role.account.address: FUNDING_ETHER for role in ROLES.values()})
    chain = RpcDeployer(client, deployer)
    deployment = deploy_protocol(chain, record=record, save=lambda found: found.save(folder))
    list_token(chain, deployment)  # queued, and executed when the services are
    list_now(chain, deployment, partial(warp, client))
    list_token(chain, deployment)
    pay(chain, deployment, EMISSION, deployment[HUB], HUB, "fund_emission", EMISSION)
    coins = [(role.account.address, role.coins) for role in ROLES.values() if role.coins]
    _give_coins(client, deployment, deployer, coins)
    return deployment


def record_of(client: ChainClient, folder: Path | None) -> Record:
    """The deployment record of this chain, in `folder`, or where records are looked for. Raises EnvironmentFault when
    there is none, or one of another chain."""
    record, found = find_record(client.chain_id, genesis_of(client.rpc), folder, disposable=True)
    if TOKEN not in record.contracts:
        raise EnvironmentFault(
            f"no suite is recorded for chain {client.chain_id} in {found}",
            remedy="keifu chain starts a chain that has it; or name the folder by KEIFU_DEPLOYMENTS",
        )
    return record


def suite_of(client: ChainClient, folder: Path | None) -> Deployment:
    """Where the suite is on this chain. Raises as `record_of` does."""
    return Deployment(dict(record_of(client, folder).contracts))


def fund(client: ChainClient, folder: Path | None, address: str, *, ether: int, coins: int) -> None:
    """Add ether, and coins of the deployer's. Nothing is given before it is sure that both can be.

    Raises EnvironmentFault when the chain has no suite, or the deployer too few coins.
    """
    if coins:
        deployment, deployer = suite_of(client, folder), ROLES[DEPLOYER].account
        left = deployment.at(client, TOKEN).balanceOf(deployer.address)
        if left < coins * COIN:
            raise EnvironmentFault(f"the deployer has {left // COIN:,} coins to give, not {coins:,}")
    if ether:
        _give_ether(client, {address: ether})
    if coins:
        _give_coins(client, deployment, deployer, [(address, coins)])


def give_grant(client: ChainClient, folder: Path | None, address: str, coins: int) -> int:
    """A vesting grant of the deployer's coins, a quarter of which is vested now, and the rest in three years; its
    number in VestingEscrow."""
    suite, deployer = suite_of(client, folder), ROLES[DEPLOYER].account
    chain = RpcDeployer(client, deployer)
    plan = (address, ZERO_ADDRESS, coins * COIN, client.now - GRANT_STEP, GRANT_STEP, GRANT_STEPS, 0, 0)
    number: int = chain.call(suite[ESCROW], ESCROW, "count") + 1
    pay(chain, suite, coins * COIN, suite[ESCROW], ESCROW, "create", plan)
    return number


def warp(client: ChainClient, seconds: int, blocks: int = 1) -> None:
    """Let time pass at once, in so many blocks at even distances."""
    step, rest = divmod(seconds, blocks)
    client.rpc.call("evm_increaseTime", rest + step)
    client.rpc.call("evm_mine")
    if blocks > 1:
        client.rpc.call("anvil_mine", hex(blocks - 1), hex(step))


def balances(client: ChainClient, folder: Path | None, addresses: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Wei of ether and of coins, by address."""
    wanted = list(addresses)
    token = suite_of(client, folder).at(client, TOKEN)
    ether = client.rpc.batch([("eth_getBalance", [address, "latest"]) for address in wanted])
    return {
        address: (quantity(_sure(wei), "eth_getBalance"), token.balanceOf(address))
        for address, wei in zip(wanted, ether, strict=True)
    }


def _give_ether(client: ChainClient, amounts: Mapping[str, int]) -> None:
    """Set by the node: no account has to pay, so there always is enough."""
    asked = [("eth_getBalance", [address, "latest"]) for address in amounts]
    before = [quantity(_sure(answer), "eth_getBalance") for answer in client.rpc.batch(asked)]
    wanted = zip(amounts.items(), before, strict=True)
    for answer in client.rpc.batch(
        [("anvil_setBalance", [address, hex(wei + ether * COIN)]) for (address, ether), wei in wanted]
    ):
        _sure(answer)


def _give_coins(client: ChainClient, deployment: Deployment, deployer: Account, amounts: list[tuple[str, int]]) -> None:
    """One after another: on a busy machine anvil may leave a part of a batch unmined in its pool until the next
    transaction comes."""
    token = deployment.at(client, TOKEN)
    for address, coins in amounts:
        token.transfer(address, coins * COIN, sender=deployer)


def _sure(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer
