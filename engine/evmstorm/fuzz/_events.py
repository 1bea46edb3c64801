"""Events of the last call against what a model says, compared as words where that can be done."""

from __future__ import annotations

from typing import Any

from ethwire.abi import WORD, EventAbi, encoder
from evmstorm.evm.machine import RawLog

__all__ = ["check_event"]


def check_event(event: EventAbi, address: str, logs: list[RawLog], count: int, args: dict[str, Any]) -> None:
    """`logs` hold the event from `address` so often, the last time with `args`; AssertionError otherwise."""
    found = [log for log in logs if log.topics and log.topics[0] == event.topic and log.address == address]
    assert len(found) == count, f"{event.name} emitted {len(found)} times, not {count}"
    if not args:
        return
    topics, data = found[-1].topics, found[-1].data
    left = dict(args)
    at_topic, at_data = 1, 0
    # A struct or an array of a fixed size stands in the data itself, with several words.
    is_plain = all(encoder(kind)[1] or kind[-1] not in ")]" for _, kind, _ in event.inputs)
    for name, kind, indexed in event.inputs if is_plain else ():
        encode, dynamic = encoder(kind)
        if name in left and not dynamic:
            there = topics[at_topic] if indexed else data[at_data : at_data + WORD]
            wanted = encode(left.pop(name))
            assert there == wanted, f"{event.name}.{name} is {there.hex().lstrip('0')}, not {wanted.hex().lstrip('0')}"
        if indexed:
            at_topic += 1
        else:
            at_data += WORD
    if left:
        decoded = event.decode(topics, data)
        for name, wanted_value in left.items():
            assert decoded[name] == wanted_value, f"{event.name}.{name} is {decoded[name]}, not {wanted_value}"
