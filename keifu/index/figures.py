"""What the tables say that a contract's view must say, too, at the same block.

Each group is written once, from events to the view that shows the same: total supply and balances, locks, shares and
positions of stake, what grants were paid, records and their status, promotions, cases, owners of tokens. So are payment
channels and their fees, covers and demands of the compute market, the money of grant programmes, and what is left of
sessions. Of a group with many members the ones that changed last are compared, as many as the caller wants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ethwire.constants import ZERO_ADDRESS
from keifu.chain.suite import ACCOUNT, CHANNELS, COMPUTE, COURT, DISTRIBUTOR, GRANTS, HUB, NFT, TOKEN
from keifu.index.granted import money_of, numbers_of
from keifu.index.sessions import GRANTED, REVOKED, USED, sessions_of
from keifu.index.store import Store
from keifu.index.totals import Totals
from keifu.spec.kinds import Status

__all__ = ["Figure", "figures"]

_NONE = "0x" + "00" * 32
# Members are known from more events than their figure is made of: one whose events were all lost is found, too.
_OF_LOCKS = ("Locked", "Unlocked", "Slashed", "Bound", "MultipleChanged")
_OF_STAKES = ("Staked", "Unstaked", "RewardsClaimed")
_OF_COVERS = ("Covered", "CoverFreed", "Demanded", "Unanswered")
_OF_DEMANDS = ("Covered", "Demanded", "Answered", "Unanswered")
_COVER = ("payer", "key", "restitution", "since", "last")
_PLACE = ("block_number", "log_index")
ESCROW, REGISTRY, ENVIRONMENTS = "VestingEscrow", "ProvenanceRegistry", "Environments"


@dataclass(frozen=True)
class Figure:
    """What a view must return. `pick` takes the part of its answer that counts."""

    group: str
    contract: str
    address: str
    function: str
    arguments: tuple[Any, ...]
    expected: Any
    pick: Callable[[Any], Any] = lambda answer: answer
    of_many: bool = False  # contracts of this name

    @property
    def name(self) -> str:
        who = f"{self.contract} {self.address}" if self.of_many else self.contract
        return f"{who}.{self.function}({', '.join(map(_short, self.arguments))})"


class _Tables(Totals):
    """Totals of a store, and figures made of them."""

    def figure(
        self, group: str, contract: str, function: str, arguments: Sequence[Any], expected: Any, **picked: Any
    ) -> Figure:
        return Figure(group, contract, self.addresses[contract], function, tuple(arguments), expected, **picked)


def figures(store: Store, most: int) -> Iterator[Figure]:
    """Everything that can be compared, of the contracts that are indexed."""
    tables = _Tables(store, most)
    for contract, group in GROUPS:
        if contract in tables.addresses:
            yield from group(tables)


def _supply(tables: _Tables) -> Iterator[Figure]:
    made = tables.sum(TOKEN, "Transfer", "value", **{"from": ZERO_ADDRESS})
    burnt = tables.sum(TOKEN, "Transfer", "value", to=ZERO_ADDRESS)
    yield tables.figure("supply", TOKEN, "totalSupply", (), made - burnt)


def _balances(tables: _Tables) -> Iterator[Figure]:
    holders = dict.fromkeys(
        address
        for side in ("to", "from")
        for (address,) in tables.recent(TOKEN, ["Transfer"], side)
        if address != ZERO_ADDRESS
    )
    for holder in [*holders][: tables.most]:
        got = tables.sum(TOKEN, "Transfer", "value", to=holder)
        gave = tables.sum(TOKEN, "Transfer", "value", **{"from": holder})
        yield tables.figure("balances", TOKEN, "balanceOf", (holder,), got - gave)


def _locks(tables: _Tables) -> Iterator[Figure]:
    for service, operator in tables.recent(HUB, _OF_LOCKS, "service", "operator"):
        where = {"service": service, "operator": operator}
        slashed = sum(tables.sum(HUB, "Slashed", part, **where) for part in ("damages", "penalty"))
        left = tables.sum(HUB, "Locked", "amount", **where) - tables.sum(HUB, "Unlocked", "amount", **where) - slashed
        yield tables.figure("locks", HUB, "lock_of", (service, operator), left)


def _shares(tables: _Tables) -> Iterator[Figure]:
    """Of pools that no slash has wiped: a wipe takes all shares and logs none."""
    for (operator,) in tables.recent(HUB, [*_OF_STAKES, "TermsAnnounced"], "operator"):
        yield tables.figure(
            "shares", HUB, "operator_state", (operator,), _staked(tables, operator=operator), pick=_unwiped_shares
        )


def _stakes(tables: _Tables) -> Iterator[Figure]:
    for operator, owner in tables.recent(HUB, _OF_STAKES, "operator", "owner"):
        if tables.sum(HUB, "Slashed", "delegated", operator=operator):
            continue  # its pool may have been wiped, with every position in it
        shares = _staked(tables, operator=operator, owner=owner)
        yield tables.figure("stakes", HUB, "position", (operator, owner), shares, pick=lambda answer: answer[0])


def _staked(tables: _Tables, **where: Any) -> int:
    return tables.sum(HUB, "Staked", "shares", **where) - tables.sum(HUB, "Unstaked", "shares", **where)


def _unwiped_shares(state: tuple[Any, ...]) -> int | None:
    _, _, _, shares, generation, *_ = state
    return None if generation else int(shares)


def _grants(tables: _Tables) -> Iterator[Figure]:
    for (index,) in tables.recent(DISTRIBUTOR, ["Claimed"], "index"):
        paid = tables.sum(DISTRIBUTOR, "Claimed", "amount", index=index)
        yield tables.figure("grants", DISTRIBUTOR, "paid", (int(index),), paid)


def _escrowed(tables: _Tables) -> Iterator[Figure]:
    yield tables.figure("grants", ESCROW, "count", (), tables.count(ESCROW, "Created"))
    for (number,) in tables.recent(ESCROW, ["Created", "Claimed"], "id"):
        paid = tables.sum(ESCROW, "Claimed", "amount", id=number)
        yield tables.figure("grants", ESCROW, "paid", (int(number),), paid)


def _records(tables: _Tables) -> Iterator[Figure]:
    for (record,) in tables.recent(REGISTRY, ["Registered", "StatusChanged"], "id"):
        status = tables.last(REGISTRY, "StatusChanged", "status", id=record)
        expected = int(Status.ACTIVE) if status is None else int(status)
        yield tables.figure("records", REGISTRY, "status_of", (bytes.fromhex(record[2:]),), expected)


def _promotions(tables: _Tables) -> Iterator[Figure]:
    for (environment,) in tables.recent(ENVIRONMENTS, ["Declared", "Promoted"], "environment"):
        artefact, seq = (
            tables.last(ENVIRONMENTS, "Promoted", column, environment=environment) for column in ("artefact", "seq")
        )
        key, runs = bytes.fromhex(environment[2:]), (artefact or _NONE, int(seq or 0))
        yield tables.figure("environments", ENVIRONMENTS, "current", (key,), runs, pick=_artefact_and_number)


def _artefact_and_number(current: tuple[Any, ...]) -> tuple[str, int]:
    artefact, seq, _ = current
    return "0x" + artefact.hex(), seq


def _cases(tables: _Tables) -> Iterator[Figure]:
    yield tables.figure("cases", COURT, "case_count", (), tables.count(COURT, "CaseOpened"))


def _tokens(tables: _Tables) -> Iterator[Figure]:
    """Of tokens that are there: a burnt one has no owner."""
    number = tables.store.by_event[NFT, "Transfer"].arguments[2].name
    for (token,) in tables.recent(NFT, ["Transfer"], number):
        owner = tables.last(NFT, "Transfer", "to", **{number: token})
        if owner != ZERO_ADDRESS:
            yield tables.figure("tokens", NFT, "ownerOf", (int(token),), owner)


def _channels(tables: _Tables) -> Iterator[Figure]:
    """What is in a channel, and what was claimed of it."""
    returning = ("Refunded", "WithdrawFinalized")
    for (channel,) in tables.recent(CHANNELS, ["Deposited", "Claimed", *returning], "channelId"):
        back = sum(tables.sum(CHANNELS, event, "amount", channelId=channel) for event in returning)
        balance = tables.sum(CHANNELS, "Deposited", "amount", channelId=channel) - back
        claimed = tables.sum(CHANNELS, "Claimed", "claimAmount", channelId=channel)
        yield tables.figure("channels", CHANNELS, "channels", (bytes.fromhex(channel[2:]),), (balance, claimed))


def _channel_fees(tables: _Tables) -> Iterator[Figure]:
    """Of the treasury, by token; which tokens are listed; and the fee."""
    for (token,) in tables.recent(CHANNELS, ["FeeKept", "TreasuryPaid"], "token"):
        waits = tables.sum(CHANNELS, "FeeKept", "amount", token=token)
        waits -= tables.sum(CHANNELS, "TreasuryPaid", "amount", token=token)
        yield tables.figure("channel fees", CHANNELS, "treasuryFees", (token,), waits)
    for (token,) in tables.recent(CHANNELS, ["TokenListed"], "token"):
        listed = bool(tables.last(CHANNELS, "TokenListed", "listed", token=token))
        yield tables.figure("channel fees", CHANNELS, "isListed", (token,), listed)
    fee = int(tables.last(CHANNELS, "FeeChanged", "basisPoints") or 0)
    yield tables.figure("channel fees", CHANNELS, "fee", (), fee)


def _covers(tables: _Tables) -> Iterator[Figure]:
    """What a channel's payer was promised last, and whether it still is. A report that paid the payer nothing may have
    taken the cover or not: what it took is not compared."""
    for channel, operator in tables.recent(COMPUTE, _OF_COVERS, "channel", "operator"):
        where = {"channel": channel, "operator": operator}
        found = tables.newest(COMPUTE, "Covered", *_COVER, *_PLACE, **where)
        payer, key, *numbers = found[:-2] if found else (ZERO_ADDRESS, ZERO_ADDRESS, 0, 0, 0)
        ends = [tables.newest(COMPUTE, event, *_PLACE, **where) for event in ("CoverFreed", "Unanswered")]
        reported = tables.newest(COMPUTE, "Reported", "restitution", *_PLACE, **where)
        if found and reported and reported[1:] > found[-2:]:
            if not int(reported[0]):
                continue
            ends.append(reported[1:])
        stands = found is not None and not any(end > found[-2:] for end in ends if end)
        expected = (payer, key, *map(int, numbers), stands)
        arguments = bytes.fromhex(channel[2:]), operator
        yield tables.figure("covers", COMPUTE, "cover_of", arguments, expected, pick=_cover)


def _cover(state: tuple[Any, ...]) -> tuple[Any, ...]:
    payer, key, restitution, since, last, _, reserve = state
    return payer, key, restitution, since, last, reserve > 0


def _demands(tables: _Tables) -> Iterator[Figure]:
    """When an answer is due; 0 for a request that was answered, or whose time is over and was closed."""
    for channel, operator in tables.recent(COMPUTE, _OF_DEMANDS, "channel", "operator"):
        where = {"channel": channel, "operator": operator}
        found = tables.newest(COMPUTE, "Demanded", "deadline", *_PLACE, **where)
        ends = [tables.newest(COMPUTE, event, *_PLACE, **where) for event in ("Answered", "Unanswered")]
        is_open = found is not None and not any(end > found[1:] for end in ends if end)
        arguments = bytes.fromhex(channel[2:]), operator
        deadline = int(found[0]) if found and is_open else 0
        yield tables.figure("demands", COMPUTE, "demand_of", arguments, deadline, pick=lambda state: state[1])


def _short(argument: Any) -> str:
    return "0x" + argument.hex() if isinstance(argument, bytes) else str(argument)


def _programmes(tables: _Tables) -> Iterator[Figure]:
    for number in numbers_of(tables.store, tables.most):
        if (money := money_of(tables.store, number)) is not None:
            yield tables.figure("programmes", GRANTS, "program", (number,), money, pick=lambda said: (said[2], said[3]))


def _sessions(tables: _Tables) -> Iterator[Figure]:
    """Of the accounts' keys. Whether the token has a new owner since, which ends a session too, is not compared."""
    for account, key in tables.recent(ACCOUNT, [GRANTED, REVOKED, USED], "address", "key"):
        found = sessions_of(tables.store, account, 1, key)
        expected = found[0].terms if found else (0, 0, 0, 0, 0)
        yield Figure(
            "sessions", ACCOUNT, account, "session", (key,), expected, lambda state: tuple(state[:-1]), of_many=True
        )


GROUPS: tuple[tuple[str, Callable[[_Tables], Iterator[Figure]]], ...] = (
    (TOKEN, _supply),
    (TOKEN, _balances),
    (HUB, _locks),
    (HUB, _shares),
    (HUB, _stakes),
    (DISTRIBUTOR, _grants),
    (ESCROW, _escrowed),
    (REGISTRY, _records),
    (ENVIRONMENTS, _promotions),
    (COURT, _cases),
    (NFT, _tokens),
    (CHANNELS, _channels),
    (CHANNELS, _channel_fees),
    (COMPUTE, _covers),
    (COMPUTE, _demands),
    (GRANTS, _programmes),
    (ACCOUNT, _sessions),
)
