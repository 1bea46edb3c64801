"""A new agent's ten chores on a network of processes: a relayer, storage nodes and a compute node beside anvil."""

from __future__ import annotations

import statistics
from pathlib import Path

from benchmarks._lab import Lab
from benchmarks._rows import Row
from benchmarks._started import network
from ethwire.rpc import Rpc
from keifu.agent.chores import CHORES, Chore, Chores
from keifu.agent.plan import make_plan
from keifu.agent.scene import Scene
from keifu.agent.wishes import Mind, Rented, Staked, Wishes
from keifu.chain import ChainClient, RpcDeployer
from keifu.errors import CheckFailed
from keifu.local.roles import ROLES
from keifu.local.suite import give_grant, suite_of
from keifu.network.folder import Network, NetworkFolder
from keifu.units import COIN, DAY

__all__ = ["ROWS"]

AGENTS = 3
GRANTED = 400
PARTS = ("--relayers", "1", "--storage", "3", "--compute", "1", "--operators", "0", "--watchers", "0", "--with-grants")
TRANSACTIONS = 3  # that the owner may pay for
FILE_BYTES = 100_000


def _ten_chores(_: Lab) -> float:
    """The median of three agents, in seconds, without the upload."""
    with network(*PARTS) as folder:
        made = folder.load()
        with Rpc(made.rpc) as rpc:
            return statistics.median(_agent(folder, made, ChainClient(rpc), number) for number in range(AGENTS))


def _agent(folder: NetworkFolder, made: Network, client: ChainClient, number: int) -> float:
    owner, place = ROLES["author"].account, folder.path / f"agent-{number}"
    suite, signed, heard = suite_of(client, folder.deployments), [0], list[Chore]()

    def sign(digest: bytes) -> bytes:
        signed[0] += 1
        return owner.sign(digest)

    prompt = folder.path / f"prompt-{number}.txt"
    prompt.write_bytes(bytes([number]) * FILE_BYTES)
    plan = make_plan(place, suite, made.chain_id, owner.address, [prompt], ["prompt"])
    grant = give_grant(client, folder.deployments, plan.account, GRANTED)
    scene = Scene(
        client, suite, RpcDeployer(client, owner), sign, 0, folder.path / "storage", folder.path / f"channels-{number}"
    )
    before = _sent(client, owner.address)
    Chores(scene, place, plan, _wishes(made, grant, place), heard.append).run()
    if signed[0] != 1 or _sent(client, owner.address) - before > TRANSACTIONS:
        raise CheckFailed(f"{signed[0]} signatures, {_sent(client, owner.address) - before} transactions")
    if [chore.name for chore in heard if chore.name in CHORES and not chore.detail] != list(CHORES):
        raise CheckFailed("not all chores were done")
    return sum(chore.seconds for chore in heard if chore.name in CHORES)


def _wishes(made: Network, grant: int, place: Path) -> Wishes:
    compute, relayer = made.part("compute-1"), made.part("relayer-1")
    request = {"input": [[place % 17 for place in range(64)]]}
    return Wishes(
        grant,
        relayer.serves,
        most_refund=10 * COIN,
        uri=f"https://example.org/{place.name}.json",
        staked=Staked(ROLES["operator"].account.address, 10 * COIN),
        rented=Rented((2, 1), 30 * DAY, 5 * COIN),
        mind=Mind(compute.serves, compute.account, "promoted", COIN, COIN, request, "classify"),
    )


def _sent(client: ChainClient, account: str) -> int:
    return int(client.rpc.call("eth_getTransactionCount", account, "latest"), 16)


ROWS = (
    Row(
        "time.ten_chores", _ten_chores,
        "one signature; relayer, three storage nodes and a compute node as processes; without the upload", heavy=True,
    ),
)  # fmt: skip
