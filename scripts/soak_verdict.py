"""What is counted after a soak, from the chain and the index alone."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from keifu.chain import ChainClient
from keifu.chain.logs import find_logs
from keifu.chain.suite import TOKEN
from keifu.errors import EnvironmentFault
from keifu.index import Store, open_database, reconcile
from keifu.network.folder import Network, NetworkFolder
from keifu.provenance.verify import Finding
from scripts.soak_clients import sent_by
from scripts.soak_load import Load

__all__ = ["verdict"]

CONVICTED = 2
COMPARED = 500  # members of each group of the index
INDEX_SECONDS = 60.0  # until the index has the newest block


def verdict(folder: NetworkFolder, network: Network, client: ChainClient, load: Load) -> list[Finding]:
    """Every check, with what was found."""
    reports = _reports(client, load)
    return [
        *_slashed(network, load, reports),
        _rewarded(network, client, load, reports),
        _sent(network, client),
        _judged(client, load),
        _indexed(folder, client),
    ]


def _reports(client: ChainClient, load: Load) -> list[Any]:
    interface = load.service.interface
    topic = "0x" + interface.event("Reported").topic.hex()
    found = []
    for log in find_logs(client, load.service.address, [topic], load.record.first_block):
        topics = [bytes.fromhex(item[2:]) for item in log.topics]
        found.append(interface.decode_log(load.service.address, topics, bytes.fromhex(log.data[2:])))
    return found


def _slashed(network: Network, load: Load, reports: list[Any]) -> Iterator[Finding]:
    times = Counter(report.args["operator"].lower() for report in reports)
    liars = {liar.address.lower() for liar in load.liars}
    twice = [operator for operator, count in times.items() if count > 1]
    missing = liars - times.keys()
    honest = [part.account.lower() for part in network.parts if part.kind == "operator"]
    harmed = [operator for operator in times if operator not in liars]
    harmed += [operator for operator in honest if not load.reserve(operator)]
    yield Finding("every lie was slashed", not missing, f"{len(liars)} lies, {len(missing)} not slashed")
    yield Finding("none was slashed twice", not twice, f"{len(reports)} slashes")
    yield Finding("no honest operator was slashed", not harmed, ", ".join(harmed) or f"{len(honest)} are whole")


def _rewarded(network: Network, client: ChainClient, load: Load, reports: list[Any]) -> Finding:
    """What the service owes to a watcher or has paid it is what its reports have earned."""
    token = load.suite.at(client, TOKEN)
    earned: Counter[str] = Counter()
    for report in reports:
        earned[report.args["prover"].lower()] += report.args["reward"]
    watchers = [part.account.lower() for part in network.parts if part.kind == "watcher"]
    have = {account: token.balanceOf(account) + load.service.credits(account) for account in watchers}
    wrong = [account for account in watchers if have[account] != earned[account]]
    strangers = earned.keys() - set(watchers)
    return Finding("rewards are what was earned", not wrong and not strangers, f"{len(reports)} rewards")


def _sent(network: Network, client: ChainClient) -> Finding:
    """No watcher has made one commitment or one report twice."""
    watchers = {part.account.lower() for part in network.parts if part.kind == "watcher"}
    sent = Counter((account, data) for account, _, data in sent_by(client, watchers))
    withdrawals = {key: count for key, count in sent.items() if count > 1 and not _may_repeat(key[1])}
    return Finding("nothing was sent twice", not withdrawals, f"{sum(sent.values())} transactions of watchers")


def _may_repeat(data: str) -> bool:
    """`withdraw` says the same each time: its selector and one word."""
    return len(data) == len("0x") + 2 * (4 + 32) and data[10:34] == "0" * 24


def _judged(client: ChainClient, load: Load) -> Finding:
    result, amount, _ = load.suite.at(client, "AlignmentCourt").verdict(load.case)
    return Finding("the case was decided", result == CONVICTED and amount > 0, f"case {load.case}")


def _indexed(folder: NetworkFolder, client: ChainClient) -> Finding:
    """The index, killed as often as the rest, agrees with the contracts' views."""
    until = time.monotonic() + INDEX_SECONDS
    while True:
        with contextlib.closing(open_database(str(folder.index), read_only=True)) as database:
            store = Store.read(database)
            position, found = store.position, None
            if position.number >= client.rpc.block_number() - 1:
                with contextlib.suppress(EnvironmentFault):  # its block was left since
                    found = reconcile(store, client.rpc, COMPARED)
        if found is not None:
            said = "; ".join(item.message for item in found.differences)
            compared = sum(dict(found.compared).values())
            return Finding("the index agrees with the contracts", not said, said or f"{compared} figures compared")
        if time.monotonic() > until:
            return Finding("the index agrees with the contracts", False, f"it stands at block {position.number}")
        time.sleep(1)
