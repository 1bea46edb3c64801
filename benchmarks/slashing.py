"""From a false heartbeat to the slash: its gas, its time with real nodes, and the memory of a node at rest."""

from __future__ import annotations

import time

from benchmarks._lab import Lab
from benchmarks._rows import Row
from benchmarks._started import network
from benchmarks.node_memory import ROWS as MEMORY
from examples.demo.swapped import SwappedOperator
from keifu.chain import ChainClient, Deployment, Rpc, RpcDeployer, deploy_protocol
from keifu.chain.deployments import open_record
from keifu.chain.services import list_now
from keifu.chain.suite import HEARTBEATS, HUB
from keifu.errors import CheckFailed
from keifu.network.folder import Network, NetworkFolder
from keifu.provenance import Heartbeat, Kind, Record, environments_domain, heartbeat_digest
from keifu.provenance.registry import Provenance
from keifu.staking import actions
from keifu.units import COIN, DAY

__all__ = ["ROWS"]

LOCKED = 3_000 * COIN
DELEGATED = 100 * COIN
MULTIPLE = 4
TERM = 30 * DAY
LIE = b"\x66" * 32
OPERATORS, WATCHERS = 3, 2
POLL_SECONDS = 0.02
PATIENCE_SECONDS = 60.0


# gas ----------------------------------------------------------------------------------------------------------------


def _report(lab: Lab, *, delegated: bool = False) -> float:
    """The report of a false heartbeat of a bound operator; when `delegated`, one whose delegator answers, too."""
    with lab.undo():
        chain = RpcDeployer(lab.client, lab.deployer)
        suite = deploy_protocol(chain)
        list_now(chain, suite, lab.anvil.warp)
        service, token = suite.at(lab.client, HEARTBEATS), suite.at(lab.client, "KeifuToken")
        operator, delegator, prover, owner = (
            lab.account(f"bench {name}") for name in ("operator", "delegator", "prover", "environment owner")
        )
        for account, amount in ((operator, LOCKED), (delegator, DELEGATED)):
            token.transfer(account, amount, sender=lab.deployer)
        by_operator = RpcDeployer(lab.client, operator)
        actions.register(by_operator, suite, 0, "")
        actions.lock(by_operator, suite, service.address, operator.address, LOCKED)
        since = actions.set_multiple(by_operator, suite, service.address, MULTIPLE)
        lab.anvil.warp_to(since)
        provenance = Provenance(lab.client, suite["ProvenanceRegistry"], suite["Environments"])
        weights = Record(owner.address, Kind.WEIGHTS, b"\x01" * 32)
        environment = provenance.declare("production", [], owner)
        provenance.promote(environment, provenance.register(weights, owner), owner)
        service.bind(environment, lab.client.now + TERM, sender=operator)
        by_operator.call(suite[HUB], HUB, "poke", operator.address, service.address)
        if delegated:
            actions.delegate(RpcDeployer(lab.client, delegator), suite, operator.address, DELEGATED)
        lab.anvil.warp(2 * DAY)  # stake counts from the next epoch on
        said = Heartbeat(operator.address.lower(), environment, 1, LIE, lab.client.now)
        domain = environments_domain(lab.client.chain_id, suite["Environments"])
        signature = operator.sign(heartbeat_digest(domain, said))
        service.commit(service.evidence_of(said.args, signature, prover), sender=prover)
        service.tell_hub(operator, sender=prover)  # the epoch's first call
        gas = lab.gas(service.report(said.args, signature, weights.args, sender=prover))
        if service.binding(operator, environment)[3]:
            raise CheckFailed("the report has slashed nothing")
    return gas


# time ---------------------------------------------------------------------------------------------------------------


def _slash(_: Lab) -> float:
    """One of three operators serves other weights; seconds until its reserve is gone."""
    with network("--operators", str(OPERATORS), "--watchers", str(WATCHERS)) as folder:
        made = folder.load()
        part = made.part("operator-3")
        with Rpc(made.rpc) as rpc:
            client = ChainClient(rpc)
            swapped = SwappedOperator(folder, made, part, client, folder.models / "made" / "v2")
            try:
                return _until_slashed(folder, made, client, swapped)
            finally:
                swapped.close()


def _until_slashed(folder: NetworkFolder, network: Network, client: ChainClient, swapped: SwappedOperator) -> float:
    record = open_record(network.chain_id, network.genesis, folder.deployments)
    service = Deployment(dict(record.contracts)).at(client, HEARTBEATS)
    environment_id = bytes.fromhex(network.environment)

    def is_bound(account: str) -> bool:
        return bool(service.binding(account, environment_id)[3])

    operators = [part.account for part in network.parts if part.kind == "operator"]
    if not all(map(is_bound, operators)):
        raise CheckFailed("an operator is not bound")
    while is_bound(swapped.account.address):
        if time.monotonic() > swapped.since + PATIENCE_SECONDS:
            raise CheckFailed(f"nothing was slashed after {PATIENCE_SECONDS:.0f} s")
        time.sleep(POLL_SECONDS)
    taken = time.monotonic() - swapped.since
    if sum(map(is_bound, operators)) != len(operators) - 1:
        raise CheckFailed("an honest operator was slashed")
    return taken


ROWS = (
    Row(
        "gas.report",
        _report,
        "slash, restitution and reward included, not the epoch's first call; the operator's own lock answers",
        also=(("gas where a delegator answers, too", lambda lab: _report(lab, delegated=True)),),
    ),
    Row(
        "time.slash",
        _slash,
        f"`keifu up` with {OPERATORS} operators and {WATCHERS} watchers that poll each second, all real processes on"
        " anvil: from the moment at which the false heartbeat can be had to the block in which its reserve is gone",
        heavy=True,
    ),
    *MEMORY,
)
