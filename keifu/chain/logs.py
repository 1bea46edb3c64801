"""Events of one contract over any number of blocks, from nodes that answer only so many at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ethwire.rpc import Rpc
from keifu.abi import Contract, Log, Receipt, encode_args
from keifu.chain._client import ChainClient
from keifu.chain.follower import Event
from keifu.errors import Contradiction, LimitExceeded, NoAnswer, NotServed, RateLimited, Revert, RpcError

__all__ = ["Topic", "find_events", "find_logs", "named_in", "said_in", "topic_of_address"]

Topic = str | Sequence[str] | None  # one, any of several, or any at all

QUERIES_A_BATCH = 20
WORD = 32  # bytes of a topic


def topic_of_address(address: str) -> str:
    return "0x" + address[2:].lower().rjust(64, "0")


def find_logs(client: ChainClient, address: str, topics: Sequence[Topic], first_block: int = 0) -> Iterator[Event]:
    """The contract's logs from `first_block` to the newest, oldest first, in ranges as large as the node serves.

    `first_block` is the one in which the contract was made: a chain has millions before it. Raises Contradiction for a
    log that was not asked for.
    """
    rpc, start = client.rpc, first_block
    if not rpc.blocks.known:
        try:
            yield from _ask(rpc, address, topics, [(start, None)])[0]
        except RpcError as error:
            if not _is_too_much(error):
                raise
        else:
            return
    last = rpc.block_number()
    if not rpc.blocks.known:
        rpc.blocks.refused(last - start + 1)
    while start <= last:
        ranges = [
            (at, min(at + rpc.blocks.size - 1, last))
            for at in range(start, last + 1, rpc.blocks.size)[:QUERIES_A_BATCH]
        ]
        found, done = _ask(rpc, address, topics, ranges)
        yield from found
        start = done + 1


def said_in(receipt: Receipt, event: str) -> dict[str, Any]:
    """What a transaction itself said in its first `event`: nothing that another did beside it is in that. Raises
    NoAnswer for a receipt without one."""
    for log in receipt.events(event):
        return log.args
    raise NoAnswer(
        f"the receipt of {receipt.tx_hash}, which is in a block, has no {event}",
        remedy="do not send it again: look at it through another node",
    )


def named_in(client: ChainClient, contract: Contract, event: str, first_block: int = 0) -> list[str]:
    """Addresses in the first indexed argument of a contract's event, each once, in the order of their first log."""
    topic = "0x" + contract.interface.event(event).topic.hex()
    logs = find_logs(client, contract.address, [topic, None], first_block)
    return list(dict.fromkeys("0x" + log.topics[1][-40:] for log in logs))


def find_events(
    client: ChainClient, contract: Contract, event: str, first_block: int = 0, /, **indexed: Any
) -> Iterator[Log]:
    """The contract's events of one name, oldest first, decoded; `indexed` are values of indexed arguments by name."""
    described = contract.interface.event(event)
    topics: list[Topic] = ["0x" + described.topic.hex()]
    for name, kind, is_indexed in described.inputs:
        if is_indexed:
            topics.append("0x" + encode_args([kind], [indexed[name]]).hex() if name in indexed else None)
    for log in find_logs(client, contract.address, topics, first_block):
        decoded = contract.interface.read_log(contract.address, log.topics, log.data)
        if decoded is not None:
            yield decoded


def _ask(
    rpc: Rpc, address: str, topics: Sequence[Topic], ranges: Sequence[tuple[int, int | None]]
) -> tuple[list[Event], int]:
    """The logs of the first ranges that the node serves, and the last block of these."""
    wanted = {"address": address, "topics": list(topics)}
    calls = [("eth_getLogs", [{**wanted, "fromBlock": hex(start), "toBlock": _block(end)}]) for start, end in ranges]
    found: list[Event] = []
    done = ranges[0][0] - 1
    for (start, end), answer in zip(ranges, rpc.each_as(list[Event], calls), strict=True):
        size = 0 if end is None else end - start + 1
        if isinstance(answer, (RpcError, Revert)):
            if not _is_too_much(answer) or size <= 1:
                if done >= start - 1 and found:
                    break  # what was served counts; the next request tells what is wrong
                raise answer
            rpc.blocks.refused(size)
            break
        rpc.blocks.served(size)
        found += [_checked(event, address, topics, rpc.url) for event in answer]
        done = start if end is None else end
    return found, done


def _block(number: int | None) -> str:
    return "latest" if number is None else hex(number)


def _is_too_much(error: RpcError | Revert) -> bool:
    """A refusal in words that nobody knows is most often of the range."""
    if isinstance(error, (Revert, NoAnswer, NotServed, RateLimited)):
        return False
    return isinstance(error, LimitExceeded) or error.code != 0


def _checked(event: Event, address: str, topics: Sequence[Topic], url: str) -> Event:
    try:
        _ = bytes.fromhex(event.data[2:]), event.index, event.number
        for topic in event.topics:
            if len(bytes.fromhex(topic[2:])) != WORD:
                raise ValueError(f"{topic[:80]} is no topic")
    except ValueError as error:
        raise Contradiction(f"{url} gave a malformed log: {error}", url=url) from error
    fits = len(event.topics) >= len(topics) and all(
        _fits(topic, given.lower()) for topic, given in zip(topics, event.topics, strict=False)
    )
    if event.address.lower() != address.lower() or not fits or event.removed:
        raise Contradiction(f"{url} gave a log of {event.address} that nobody asked for", url=url)
    return event


def _fits(topic: Topic, given: str) -> bool:
    if topic is None:
        return True
    return given in ([topic.lower()] if isinstance(topic, str) else [item.lower() for item in topic])
