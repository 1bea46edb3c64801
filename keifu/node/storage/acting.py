"""What a provider's core wants sent, as calls of the contracts through the durable sender, and what became of it.

Acceptances of one step go together. After one of them was refused, each of its shards goes alone, so that one deal
that the market does not take holds up no other.
"""

from __future__ import annotations

from typing import Any

from keifu.chain.sender import Intent, Sender, State
from keifu.errors import UsageError
from keifu.node.storage.contracts import Contracts
from keifu.node.storage.records import Records
from keifu.node.storage.seeing import Seen
from keifu.storage.provider.commands import Accept, ClearShard, Complete, Prove, Reply, Reserve, Submit
from keifu.storage.provider.messages import Demand, Head, Leaf, Settled, ShardId
from keifu.storage.sequence import entry
from keifu.storage.states import shown

__all__ = ["Acting"]

BATCH = 64  # acceptances in one call
_GONE = (State.FAILED, State.REFUSED)


class Acting:
    """Of the thread of the rounds."""

    def __init__(self, contracts: Contracts, records: Records, sender: Sender) -> None:
        self._contracts, self._records, self._sender = contracts, records, sender
        self._alone: set[ShardId] = set()  # that were refused in company

    # sending -------------------------------------------------------------------------------------------------------

    def submit(self, commands: list[Submit], head: Head, seen: Seen, shards: dict[int, ShardId]) -> None:
        """Everything of one step. Each of the core's intents is written down before it is sent."""
        together: list[Submit] = []
        for command in commands:
            call = command.call
            if isinstance(call, Accept) and call.shard not in self._alone and call.shard not in seen.proposed:
                together.append(command)
            else:
                self._send([command], *self._call(call, head, seen, shards))
        for at in range(0, len(together), BATCH):
            self._accept(together[at : at + BATCH])

    def _accept(self, commands: list[Submit]) -> None:
        deals = self._contracts.deals
        items = [self._item(command.call.shard) for command in commands]
        many = deals.accept_many.encode(items) if len(items) > 1 else deals.accept.encode(items[0])
        self._send(commands, deals.address, many)

    def _send(self, commands: list[Submit], to: str, data: bytes) -> None:
        first = commands[0].intent
        sent = first if len(commands) == 1 else f"{first} and {len(commands) - 1} more"
        self._records.note_sent([command.intent for command in commands], sent)
        self._sender.submit(Intent(sent, to, data))

    def _call(self, call: Any, head: Head, seen: Seen, shards: dict[int, ShardId]) -> tuple[str, bytes]:
        contracts = self._contracts
        deals, repairs, me = contracts.deals, contracts.repairs, contracts.account.address
        match call:
            case Accept(shard) if shard in seen.proposed:
                data = repairs.accept_proposal.encode(shard.deal, shard.index, self._named(shard))
                return repairs.address, data
            case Accept(shard):
                return deals.address, deals.accept.encode(self._item(shard))
            case ClearShard():
                return deals.address, deals.clear.encode([self._gone(call, shards)])
            case Prove():
                words = [int.from_bytes(word, "big") for of_leaf in call.words for word in of_leaf]
                data = contracts.market.prove.encode(me, call.epoch, b"".join(call.data), words)
                return contracts.market.address, data
            case Reply():
                shard = _demand(head, call.number).shard
                data = repairs.answer.encode(
                    shard.deal, shard.index, self._named(shard), call.leaf.data, _path([call.leaf])
                )
                return repairs.address, data
            case Reserve(shard):
                return repairs.address, repairs.reserve_repair.encode(shard.deal, shard.index)
            case Complete(shard, leaves):
                epoch, shown = seen.draws[shard], b"".join(leaf.data for leaf in leaves)
                data = repairs.complete_repair.encode(
                    shard.deal, shard.index, self._named(shard), epoch, shown, _path(leaves)
                )
                return repairs.address, data
        raise AssertionError(f"no such call: {call}")

    def _item(self, shard: ShardId) -> tuple[Any, ...]:
        _, root, leaves, path = self._named(shard)
        return shard.deal, shard.index, root, leaves, path

    def _named(self, shard: ShardId) -> tuple[Any, ...]:
        known = self._records.known(shard.deal)
        assert known is not None
        return shown(known.named, shard.index)

    def _gone(self, call: ClearShard, shards: dict[int, ShardId]) -> tuple[Any, ...]:
        shard = shards[call.ordinal]
        _, root, leaves, _ = self._named(shard)
        words = [int.from_bytes(word, "big") for word in (entry(root, leaves), *call.path)]
        return shard.deal, shard.index, call.ordinal, words

    # what became of it ---------------------------------------------------------------------------------------------

    def settled(self, unsettled: tuple[str, ...]) -> list[Settled]:
        """Of the core's intents those whose end is known."""
        found = []
        for intent in unsettled:
            sent = self._records.sent(intent)
            try:
                state = self._sender.get(sent) if sent else None
            except UsageError:  # the process ended between the two files
                state = None
            if state is None:
                found.append(Settled(intent, False, reason="never heard of"))
            elif state.state is State.DONE:
                found.append(Settled(intent, True, state.block or 0))
            elif state.state in _GONE:
                if sent != intent:
                    self._alone.add(ShardId.parse(intent.rpartition(" ")[2]))
                found.append(Settled(intent, False, reason=state.reason))
        return found


def _demand(head: Head, number: int) -> Demand:
    return next(demand for demand in head.demands if demand.number == number)


def _path(leaves: list[Leaf] | tuple[Leaf, ...]) -> list[int]:
    return [int.from_bytes(node, "big") for leaf in leaves for node in leaf.path]
