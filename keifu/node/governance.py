"""Actions that wait in the timelock, each told once in words: an owner has its delay to object or to leave."""

from __future__ import annotations

import sqlite3

from ethwire.abi import FunctionAbi, Interface, Log, decode_args
from keifu.abi import load, names
from keifu.chain.logs import find_logs
from keifu.chain.suite import TIMELOCK
from keifu.errors import AbiError
from keifu.node.alerts import Alerts
from keifu.node.chain import NodeChain
from keifu.node.final import Final
from keifu.units import day

__all__ = ["Governance", "decoded_call"]

_TABLE = """
CREATE TABLE IF NOT EXISTS node_governance (one INTEGER PRIMARY KEY CHECK (one = 1), block INTEGER NOT NULL)
"""
LONGEST_VALUE = 80  # characters of an argument


class Governance:
    """Looks for actions that were scheduled since the node was made."""

    def __init__(self, chain: NodeChain, database: sqlite3.Connection, alerts: Alerts) -> None:
        self._chain, self._database, self._alerts = chain, database, alerts
        self._timelock = chain.suite.at(chain.client, TIMELOCK)
        self._names = {address.lower(): name for name, address in chain.suite.addresses.items()}
        self._known = frozenset(names())
        database.execute(_TABLE)

    def look(self, final: Final) -> None:
        """Tell what blocks up to the final one have scheduled. Raises RpcError."""
        row = self._database.execute("SELECT block FROM node_governance").fetchone()
        first = row[0] + 1 if row else final.number
        if first > final.number:
            return
        for log in self._scheduled(first, final.number):
            self._tell(log, final)
        self._database.execute("INSERT OR REPLACE INTO node_governance VALUES (1, ?)", (final.number,))

    def _scheduled(self, first: int, last: int) -> list[Log]:
        interface, address = self._timelock.interface, self._timelock.address
        topic = "0x" + interface.event("CallScheduled").topic.hex()
        found = []
        for event in find_logs(self._chain.client, address, [topic], first):
            if event.number > last:
                break
            topics = [bytes.fromhex(word[2:]) for word in event.topics]
            found.append(interface.decode_log(address, topics, bytes.fromhex(event.data[2:])))
        return [log for log in found if log is not None]

    def _tell(self, log: Log, final: Final) -> None:
        number, target = log.args["id"], log.args["target"].lower()
        ready = final.view(self._timelock.get_timestamp, number)
        name = self._names.get(target, "")
        call = decoded_call(load(name).interface if name in self._known else None, log.args["payload"])
        where = f"{name} at {target}" if name else target
        self._alerts.tell(
            f"timelock {number.hex()} {log.args['index']}",
            f"the timelock may call {call} of {where}{f' after {day(ready)}' if ready > 1 else ''}",
            operation="0x" + number.hex(), target=target, contract=name, call=call, ready=ready,
        )  # fmt: skip


def decoded_call(interface: Interface | None, payload: bytes) -> str:
    """A call in words: `set_fee(amount=5)`; its bytes when nobody knows the function."""
    function = next((one for one in interface.functions if one.selector == payload[:4]), None) if interface else None
    if function is None:
        return f"0x{payload.hex()[:LONGEST_VALUE]}{'…' if len(payload) > LONGEST_VALUE // 2 else ''}"
    return f"{function.name}({', '.join(_arguments(function, payload[4:]))})"


def _arguments(function: FunctionAbi, data: bytes) -> list[str]:
    try:
        values = decode_args(function.inputs, data)
    except AbiError:
        return [f"0x{data.hex()[:LONGEST_VALUE]}"]
    shown = [f"0x{value.hex()}" if isinstance(value, bytes) else str(value) for value in values]
    return [
        f"{name.lstrip('_')}={text[:LONGEST_VALUE]}" for name, text in zip(function.input_names, shown, strict=True)
    ]
