"""What waits in the timelock, by name: whoever watches it can leave, and a canceller can stop it."""

from __future__ import annotations

from dataclasses import dataclass

from keifu.chain import ChainClient
from keifu.chain.deployments import Record
from keifu.chain.logs import find_logs
from keifu.chain.suite import TIMELOCK
from keifu.chain.timelock import call_in_words
from keifu.errors import UsageError

__all__ = ["Waiting", "find_waiting", "waiting"]


@dataclass(frozen=True)
class Waiting:
    """One operation: its number, the second from which it may be executed, and its calls in order."""

    number: str
    ready: int
    calls: tuple[str, ...]


def waiting(client: ChainClient, record: Record) -> list[Waiting]:
    """In the order in which they were queued. Events name them; the timelock's storage says which still wait."""
    timelock = client.at(record.contracts[TIMELOCK], TIMELOCK)
    names = {address: name for name, address in record.contracts.items()}
    topics = ["0x" + timelock.interface.event("CallScheduled").topic.hex(), None, None]
    calls: dict[str, dict[int, str]] = {}
    for log in find_logs(client, timelock.address, topics, record.creations[TIMELOCK].block):
        said = timelock.interface.read_log(timelock.address, log.topics, log.data)
        assert said is not None
        args = said.args
        words = call_in_words(names.get(args["target"], ""), args["target"], args["payload"], args["amount"])
        calls.setdefault(log.topics[1], {})[args["index"]] = words
    found = []
    for number, parts in calls.items():
        if timelock.is_operation_pending(key := bytes.fromhex(number[2:])):
            found.append(Waiting(number, timelock.get_timestamp(key), tuple(parts[place] for place in sorted(parts))))
    return found


def find_waiting(client: ChainClient, record: Record, begins: str) -> Waiting:
    """The one operation whose number begins so. Raises UsageError when there is none, or more than one."""
    plain = "0x" + begins.lower().removeprefix("0x")
    found = [item for item in waiting(client, record) if item.number.startswith(plain)]
    if len(found) != 1:
        what = "no operation" if not found else f"{len(found)} operations"
        raise UsageError(f"{what} whose number begins with {plain} waits", remedy="`keifu deploy status` lists them")
    return found[0]
