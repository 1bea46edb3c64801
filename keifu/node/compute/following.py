"""What happens to channels on the chain: those that are opened to this provider, filled, left or paid back.

Events only say which channel to look at. What it holds is asked of the contract, so an event that is missing or
repeated does no harm, and once an hour every channel is asked about.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable

from keifu.chain.logs import find_logs
from keifu.compute.cashier import Offer
from keifu.errors import KeifuError
from keifu.node.chain import NodeChain
from keifu.node.compute.reading import Position
from keifu.payments.book import Book
from keifu.payments.channel import Channel, Vouchers
from keifu.payments.onchain import Onchain

__all__ = ["Following"]

ALL_SECONDS = 3_600.0


class Following:
    """Of the thread of the rounds. `look` asks the chain about a channel and tells the book."""

    def __init__(
        self,
        chain: NodeChain,
        onchain: Onchain,
        book: Book,
        vouchers: Vouchers,
        offer: Offer,
        database: sqlite3.Connection,
        look: Callable[[bytes, Channel], object],
    ) -> None:
        self._chain, self._onchain, self._book, self._vouchers = chain, onchain, book, vouchers
        self._offer, self._look = offer, look
        self._position = Position(database, onchain.address, chain.record.first_block)
        self._all_at = -ALL_SECONDS

    def step(self, head: int) -> None:
        """Read up to block `head`. Raises RpcError; the same blocks are read again then."""
        touched = self._touched(self._position.next)
        if time.monotonic() - self._all_at >= ALL_SECONDS:
            touched |= {item.id: item.channel for item in self._book.accounts.values()}
            self._all_at = time.monotonic()
        for channel_id, channel in touched.items():
            self._look(channel_id, channel)
        self._position.keep(head)

    def _touched(self, first: int) -> dict[bytes, Channel]:
        found: dict[bytes, Channel] = {}
        contract = self._onchain.contract
        for log in find_logs(self._chain.client, contract.address, [], first):
            event = contract.interface.read_log(contract.address, log.topics, log.data)
            if event is None or len(log.topics) < 2:  # noqa: PLR2004 - its name and the channel
                continue
            channel_id = bytes.fromhex(log.topics[1][2:])
            if (known := self._book.get(channel_id)) is not None:
                found[channel_id] = known.channel
            elif event.event == "ChannelCreated" and (channel := self._ours(event.args["config"])) is not None:
                found[channel_id] = channel
        return found

    def _ours(self, config: tuple[str, str, str, str, str, int, bytes]) -> Channel | None:
        """A channel to this provider on its terms."""
        try:
            channel = Channel(*config)
        except (TypeError, KeifuError):
            return None
        offer = self._offer
        is_ours = (channel.receiver.lower(), channel.receiver_authorizer.lower(), channel.token.lower()) == (
            offer.receiver.lower(), offer.receiver_authorizer.lower(), offer.token.lower()
        )  # fmt: skip
        return channel if is_ours and channel.withdraw_delay >= offer.withdraw_delay else None
