"""A chain on which x402's own package finds our contracts: at the addresses that it has fixed, and where our suite has
them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn
from eth_account import Account as EthAccount
from fastapi import FastAPI
from x402 import x402Client, x402Facilitator, x402ResourceServer
from x402.http.clients.httpx import x402HttpxClient
from x402.http.middleware.fastapi import payment_middleware
from x402.mechanisms.evm.batch_settlement.authorizer_signer import LocalAuthorizerSigner
from x402.mechanisms.evm.batch_settlement.client.config import BatchSettlementDepositPolicy
from x402.mechanisms.evm.batch_settlement.client.scheme import BatchSettlementEvmScheme as ClientScheme
from x402.mechanisms.evm.batch_settlement.facilitator.scheme import BatchSettlementEvmFacilitator
from x402.mechanisms.evm.batch_settlement.server.scheme import BatchSettlementEvmScheme as ServerScheme
from x402.mechanisms.evm.batch_settlement.server.scheme import BatchSettlementEvmSchemeServerConfig
from x402.mechanisms.evm.constants import MULTICALL3_ADDRESS
from x402.mechanisms.evm.signers import EthAccountSignerWithRPC, FacilitatorWeb3Signer
from x402.schemas import AssetAmount

from evmstorm.evm import artifacts
from keifu.abi import Contract, PackagedContract
from keifu.chain import Anvil, ChainClient, Deployment
from keifu.chain.suite import CHANNELS, ERC3009_COLLECTOR, PERMIT2, PERMIT2_COLLECTOR
from keifu.keys import Account
from keifu.payments.x402_package import CONSTANTS
from keifu.units import COIN, DAY
from tests.integration.payments.places import install

ROUTE = "/answer"
PRICE = COIN // 1_000
MULTIPLIER = 10  # of the price, in the first deposit
FEE = 50  # basis points
FUNDS = 100 * COIN
ENOUGH = 2**256 - 1
PACKAGE = "x402.mechanisms.evm.batch_settlement.constants"


def _load(name: str) -> PackagedContract:
    artifact = artifacts.load(name)
    return PackagedContract(name, artifact.interface, artifact.creation_code, "", artifact.sources_key, 0)


@dataclass
class World:
    """The chain, its contracts, and who pays and is paid."""

    anvil: Anvil
    client: ChainClient
    token: Contract
    hub: Contract
    suite: Deployment  # where ours stand
    fixed: Deployment  # where the package looks for them

    def role(self, name: str) -> Account:
        return self.anvil.account(name)

    @property
    def network(self) -> str:
        return f"eip155:{self.client.chain_id}"


@pytest.fixture(scope="module")
def world():
    with Anvil() as anvil:
        client = ChainClient(anvil.rpc, load=_load)
        owner, treasury, receiver = (anvil.account(role) for role in ("owner", "treasury", "receiver"))
        token = client.deploy("KeifuToken", owner, sender=owner)
        hub = client.deploy("StakingHub", token, owner, owner, treasury, 14 * DAY, DAY, 30, 10, sender=owner)
        hub.register_operator(0, "", sender=receiver)
        channels = client.deploy("Channels", token, hub, owner, treasury, sender=owner)
        suite = {CHANNELS: channels.address}
        suite[ERC3009_COLLECTOR] = client.deploy(ERC3009_COLLECTOR, channels, sender=owner).address
        suite[PERMIT2_COLLECTOR] = client.deploy(PERMIT2_COLLECTOR, channels, PERMIT2, sender=owner).address
        fixed = {CONSTANTS[name]: address for name, address in _constants().items()}
        arguments = (token.address, hub.address, owner.address, treasury.address)
        install(anvil, fixed[CHANNELS], CHANNELS, *arguments, sender=owner)
        install(anvil, fixed[ERC3009_COLLECTOR], ERC3009_COLLECTOR, fixed[CHANNELS], sender=owner)
        install(anvil, fixed[PERMIT2_COLLECTOR], PERMIT2_COLLECTOR, fixed[CHANNELS], PERMIT2, sender=owner)
        install(anvil, PERMIT2, "PlainPermit2", sender=owner)
        install(anvil, MULTICALL3_ADDRESS, "PlainMulticall", sender=owner)
        client.forget_nonces()
        for where in (suite, fixed):
            client.at(where[CHANNELS], CHANNELS).setFee(FEE, sender=owner)
        token.transfer(payer := anvil.account("payer"), FUNDS, sender=owner)
        token.approve(PERMIT2, ENOUGH, sender=payer)
        yield World(anvil, client, token, hub, Deployment(suite), Deployment(fixed))


def _constants() -> dict[str, str]:
    """The package's own addresses."""
    module = __import__(PACKAGE, fromlist=list(CONSTANTS))
    return {name: getattr(module, name) for name in CONSTANTS}


@pytest.fixture
def chain(world):
    """The chain, as it was before the test in the end."""
    snapshot = world.anvil.snapshot()
    yield world
    world.anvil.restore(snapshot)
    world.client.forget_nonces()


@dataclass
class Shop:
    """The package's server and facilitator behind a real port, and its client."""

    world: World
    url: str
    scheme: ServerScheme
    facilitator: Any  # of the package: its own, or its client of one
    client: ClientScheme
    answers: int = 0

    def buy(self, times: int = 1) -> list[httpx.Response]:
        """Paid requests, one after another, by the package's client over httpx."""

        async def run() -> list[httpx.Response]:
            paying = x402Client().register(self.world.network, self.client)
            # The package pays in well-known assets alone unless its owner names others.
            allowed = {
                "network": self.world.network, "asset": self.world.token.address,
                "max_amount_per_payment": str(FUNDS),
            }  # fmt: skip
            paying.set_spend_controls({"allowed_assets": [allowed]})
            async with x402HttpxClient(paying) as http:
                return [await http.get(self.url) for _ in range(times)]

        return asyncio.run(run())


@contextlib.contextmanager
def opened(world: World, method: str, facilitator: Any = None, **declared: Any) -> Any:
    """A shop that is paid in the suite's coin, deposits by `method`; with a facilitator of the package's own, unless
    another is given. `declared` are extensions."""
    with contextlib.ExitStack() as stack:
        yield _shop(world, method, stack, facilitator or _own_facilitator(world), declared)


def _own_facilitator(world: World) -> x402Facilitator:
    signer = FacilitatorWeb3Signer(world.role("relayer").secret().hex(), world.anvil.url)  # has ether
    facilitator = x402Facilitator()
    facilitator.register([world.network], BatchSettlementEvmFacilitator(signer))
    return facilitator


def _shop(world: World, method: str, stack: contextlib.ExitStack, facilitator: Any, declared: dict[str, Any]) -> Shop:
    url, claimer = world.anvil.url, world.role("receiver's authorizer")
    authorizer = LocalAuthorizerSigner(EthAccount.from_key(claimer.secret()))
    scheme = ServerScheme(
        world.role("receiver").address, BatchSettlementEvmSchemeServerConfig(receiver_authorizer_signer=authorizer)
    )
    server = x402ResourceServer(facilitator)
    server.register(world.network, scheme)
    extra = {"name": "Keifu", "version": "1", "assetTransferMethod": method}
    price = AssetAmount(amount=str(PRICE), asset=world.token.address, extra=extra)
    accepts = {
        "scheme": "batch-settlement", "payTo": world.role("receiver").address, "price": price,
        "network": world.network,
    }  # fmt: skip
    app = FastAPI()
    route = {"accepts": accepts, **({"extensions": declared} if declared else {})}
    app.middleware("http")(payment_middleware({f"GET {ROUTE}": route}, server))

    @app.get(ROUTE)
    def answer() -> dict[str, str]:
        return {"answer": "42"}

    payer = EthAccountSignerWithRPC(EthAccount.from_key(world.role("payer").secret()), url)
    client = ClientScheme(payer, BatchSettlementDepositPolicy(deposit_multiplier=MULTIPLIER))
    return Shop(world, stack.enter_context(_served(app)) + ROUTE, scheme, facilitator, client)


@contextlib.contextmanager
def _served(app: FastAPI) -> Any:
    """The application on a free port, until the block ends."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
