"""Demands: a paid request without an answer, asked for on the chain. Amounts are wei, fees of the channel's token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keifu.abi import Contract
from keifu.chain import ChainClient, Deployer, Deployment
from keifu.chain.logs import find_events
from keifu.chain.suite import CHANNELS, COMPUTE
from keifu.compute.market.refusals import place_of, send, send_with_coins
from keifu.compute.promises import LONGEST_REQUEST, LONGEST_RESPONSE, shown
from keifu.compute.receipt import SignedReceipt
from keifu.errors import UsageError
from keifu.keys import keccak256
from keifu.payments.channel import Channel

__all__ = [
    "DemandState",
    "OpenDemand",
    "answer",
    "answer_in_log",
    "close",
    "demand",
    "open_demands",
    "read_demand",
]


@dataclass(frozen=True)
class DemandState:
    """What a channel's payer asks an operator for; all empty when it asks for nothing."""

    requester: str  # who brought the bond
    deadline: int  # 0 when none is open
    request: bytes  # hash of the request's bytes
    refund: int  # wei, if no answer comes

    @property
    def is_open(self) -> bool:
        return self.deadline > 0


@dataclass(frozen=True)
class OpenDemand:
    """A demand with the request that the log has."""

    channel_id: bytes
    operator: str
    state: DemandState
    request: bytes

    def data(self) -> dict[str, Any]:
        """For `--json`: amounts as decimal strings."""
        return {
            "channel": "0x" + self.channel_id.hex(),
            "operator": self.operator,
            "requester": self.state.requester,
            "deadline": self.state.deadline,
            "refund": str(self.state.refund),
            "request": self.request.decode(errors="replace"),
        }


def demand(chain: Deployer, suite: Deployment, channel: Channel, operator: str, fee: int, request: bytes) -> int:
    """Ask for the answer to a request that was paid, as the channel's payer or its authorizer, with the bond; until
    when it is due. Raises UsageError for a request that is too long, CheckFailed without coins, and Revert."""
    if len(request) > LONGEST_REQUEST:
        raise UsageError(
            f"a request of {len(request):,} bytes cannot be demanded", remedy=f"at most {LONGEST_REQUEST:,} fit"
        )
    where = place_of(suite, COMPUTE)
    bond = chain.call(where, COMPUTE, "bond")
    send_with_coins(chain, suite, bond, COMPUTE, "demand", channel.values, operator, fee, request)
    at = chain.call(where, COMPUTE, "channels")
    channel_id = chain.call(at, CHANNELS, "getChannelId", channel.values)
    deadline: int = chain.call(where, COMPUTE, "demand_of", channel_id, operator)[1]
    return deadline


def answer(chain: Deployer, suite: Deployment, signed: SignedReceipt, response: bytes) -> None:
    """Answer a demand in the log; the bond is the operator's, whoever sends. Raises Revert."""
    if len(response) > LONGEST_RESPONSE:
        raise UsageError(
            f"an answer of {len(response):,} bytes does not fit", remedy=f"at most {LONGEST_RESPONSE:,} bytes do"
        )
    send(chain, suite, COMPUTE, "answer", shown(signed), response)


def close(chain: Deployer, suite: Deployment, channel_id: bytes, operator: str) -> None:
    """End a demand that was not answered in time. Raises Revert."""
    send(chain, suite, COMPUTE, "close", channel_id, operator)


# what the chain says ------------------------------------------------------------------------------------------------


def read_demand(market: Contract, channel_id: bytes, operator: str) -> DemandState:
    requester, deadline, request, refund = market.demand_of(channel_id, operator)
    return DemandState(requester.lower(), deadline, bytes(request), refund)


def open_demands(
    client: ChainClient, market: Contract, first_block: int = 0, *, operator: str = "", channel_id: bytes = b""
) -> list[OpenDemand]:
    """Those that are open now, of an operator or a channel or of all, oldest first; asked of the contract, so that the
    log only names them."""
    named: dict[str, Any] = ({"operator": operator} if operator else {}) | (
        {"channel": channel_id} if channel_id else {}
    )
    asked: dict[tuple[bytes, str], bytes] = {}
    for log in find_events(client, market, "Demanded", first_block, **named):
        asked[bytes(log.args["channel"]), log.args["operator"].lower()] = bytes(log.args["request"])
    found = []
    for (channel, of), request in asked.items():
        state = read_demand(market, channel, of)
        if state.is_open and state.request == keccak256(request):
            found.append(OpenDemand(channel, of, state, request))
    return found


def answer_in_log(
    client: ChainClient, market: Contract, channel_id: bytes, operator: str, first_block: int = 0
) -> bytes | None:
    """The newest answer that an operator gave a channel on the chain; None when it gave none."""
    found = None
    for log in find_events(client, market, "Answered", first_block, channel=channel_id, operator=operator):
        found = bytes(log.args["response"])
    return found
