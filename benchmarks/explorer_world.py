"""Made-up events in the tables of an index: a small world in which everything happens once, and a large one.

Rows are written through the index's own adapter, as the follower writes them: what a chain would have to be asked for
is made up, and what the explorer reads is the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.explorer_agents import agents
from benchmarks.explorer_grants import grant
from benchmarks.explorer_storage import stored
from ethwire.constants import DAY, ETHER, ZERO_ADDRESS
from keifu.abi import names
from keifu.chain.follower import Event
from keifu.index import Store, Suite, open_database
from keifu.index.rows import Row
from keifu.index.tables import Column, Kind

__all__ = ["START", "Scribe", "address", "large", "small", "word", "world"]

START = 1_800_000_000  # unix seconds of block 0
BLOCK_SECONDS = 12
CHAIN = 31_337
PART = 5_000  # rows written at once
REGISTRY, ENVIRONMENTS, HUB, HEARTBEATS = "ProvenanceRegistry", "Environments", "StakingHub", "HeartbeatService"
MARKET, ORDERS, CHANNELS = "ComputeMarket", "ComputeOrders", "Channels"
COURT, TOKEN, DISTRIBUTOR, ESCROW = "AlignmentCourt", "KeifuToken", "TGEDistributor", "VestingEscrow"
_NO_WORD = "0x" + "00" * 32
_NOTHING = {ZERO_ADDRESS, _NO_WORD, "", "0x"}


def word(text: str) -> str:
    """32 bytes in hex that stand for something of this name."""
    return "0x" + hashlib.sha256(text.encode()).hexdigest()


def address(text: str) -> str:
    return word(text)[:42]


class Scribe:
    """Writes events block by block."""

    def __init__(self, store: Store) -> None:
        self.store, self.block, self.fork = store, 0, 0
        self.addresses = {name: place for place, name in store.suite.contracts.items()}
        self._rows: list[Row] = []
        self._index = self._transactions = 0

    @property
    def time(self) -> int:
        return START + self.block * BLOCK_SECONDS

    @property
    def block_hash(self) -> str:
        return word(f"block {self.block} of fork {self.fork}")

    @property
    def transaction(self) -> str:
        """Hash of the newest one."""
        return word(f"transaction {self._transactions} of block {self.block} of fork {self.fork}")

    def next_block(self, blocks: int = 1) -> None:
        self.block += blocks
        self._index = self._transactions = 0

    def log(self, contract: str, event: str, *, same: bool = False, at: str = "", **arguments: Any) -> None:
        """One event, in a transaction of its own unless it is of the `same` one as the last. `from` is written
        `from_`. `at` is one of many contracts that log the same."""
        self._transactions += not same
        table = self.store.by_event[contract, event]
        given = {name.rstrip("_"): value for name, value in arguments.items()}
        values = [_kept(column, given[column.name]) for column in table.arguments]
        made = Event(
            address=at or self.addresses[contract],
            topics=[],
            data="0x",
            block_number=hex(self.block),
            block_hash=self.block_hash,
            transaction_hash=self.transaction,
            transaction_index=hex(self._transactions - 1),
            log_index=hex(self._index),
            block_time=self.time,
        )
        self._index += 1
        mentioned = frozenset(_mentions([*given.values(), at])) - _NOTHING
        self._rows.append(Row(made, contract, table, tuple(values), mentioned))

    def write(self) -> None:
        """Put down what was logged; the index stands at this block then."""
        with self.store.database.transaction():
            for start in range(0, len(self._rows) or 1, PART):
                self.store.write(self._rows[start : start + PART], self.block, self.block_hash)
        self._rows.clear()

    def revert(self, block: int) -> None:
        """Undo this block and all after it, as a reorganisation does."""
        with self.store.database.transaction():
            self.store.revert(block)
            self.block, self.fork = block - 1, self.fork + 1
            self.store.stand_at(self.block, self.block_hash)
        self._index = self._transactions = 0


@contextmanager
def world(place: str | Path) -> Iterator[Scribe]:
    """An index of the whole suite without events, at a path or an address of PostgreSQL."""
    suite = Suite(CHAIN, word("genesis"), {address(name): name for name in names()})
    with closing(open_database(str(place))) as database:
        store = Store(database, suite)
        store.claim()
        yield Scribe(store)


def record(
    scribe: Scribe, name: str, kind: int, author: str, parents: Sequence[tuple[int, str]] = (), **texts: str
) -> str:
    """Register something; its id. `parents` are relations and ids."""
    id_ = word(f"record {name}")[:-12] + "0" * 12
    said = {
        "author": author, "kind": kind, "digest": word(f"bytes of {name}"), "contentRoot": _NO_WORD,
        "programRoot": _NO_WORD, "manifest": _NO_WORD, "uri": texts.get("uri", ""),
        "licence": texts.get("licence", "MIT"), "version": texts.get("version", name),
        "links": [{"relation": relation, "parent": parent} for relation, parent in parents],
    }  # fmt: skip
    scribe.log(REGISTRY, "Registered", id=id_, author=author, digest=said["digest"], record=said)
    return id_


def small(
    scribe: Scribe, *, metadata: str = "https://operator.example", name: str = "did:web:lab.example"
) -> dict[str, str]:
    """One of everything; what it is known by. `metadata` and `name` are texts of strangers."""
    lab, reviewer, owner = address("lab"), address("reviewer"), address("owner of the environment")
    honest, cheat = address("honest operator"), address("cheating operator")
    environment, schema = word("environment production"), word("schema review")
    scribe.next_block()
    scribe.log(HUB, "ServiceListed", service=scribe.addresses[HEARTBEATS], horizon=30 * DAY, max_multiple=4)
    scribe.log(REGISTRY, "NameClaimed", account=lab, name=name)
    data = record(scribe, "digits", 1, lab, licence="CC-BY-4.0")
    labels = record(scribe, "digit labels", 2, lab, [(3, data)])
    code = record(scribe, "training code", 3, lab)
    scribe.next_block()
    run = record(scribe, "training run", 6, lab, [(2, data), (3, labels), (1, code)])
    first = record(scribe, "model 1", 5, lab, [(1, run)], version="1.0")
    second = record(scribe, "model 2", 5, lab, [(4, first), (2, data)], version="2.0")
    scribe.next_block()
    scribe.log(ENVIRONMENTS, "Declared", environment=environment, owner=owner, name="production")
    entry = {"schema": schema, "needed": 1, "max_age": 0, "attesters": [reviewer]}
    scribe.log(
        ENVIRONMENTS, "PolicyAnnounced",
        environment=environment, version=1, effective_from=scribe.time, entries=[entry], sound=False,
    )  # fmt: skip
    for artefact in (first, second):
        scribe.log(
            REGISTRY, "Attested",
            attester=reviewer, schema=schema, subject=artefact, edition=1, expiry=0, revocable=True,
            reference=_NO_WORD, data=_NO_WORD,
        )  # fmt: skip
    promote(scribe, environment, 1, first)
    for operator, text in ((honest, "https://honest.example"), (cheat, metadata)):
        join(scribe, operator, text, environment)
    scribe.next_block()
    slash(scribe, cheat, environment, seq=1)
    _case(scribe, cheat)
    _grants(scribe, lab)
    grant(scribe, lab, second, [owner, reviewer, honest], said=name)
    answers = _answers(scribe, environment)
    kept = stored(scribe)
    sold = agents(scribe, lab, name)
    scribe.write()
    return {
        "lab": lab, "environment": environment, "owner": owner, "first": first, "second": second, "data": data,
        "honest": honest, "cheat": cheat, "schema": schema, **answers, **kept, **sold,
    }  # fmt: skip


def promote(scribe: Scribe, environment: str, seq: int, artefact: str) -> None:
    scribe.log(ENVIRONMENTS, "Promoted", environment=environment, seq=seq, artefact=artefact, policy_version=1)


def join(scribe: Scribe, operator: str, metadata: str = "", environment: str = "") -> None:
    """Announce terms, lock, be delegated to, and promise to serve an environment."""
    service = scribe.addresses[HEARTBEATS]
    scribe.log(HUB, "TermsAnnounced", operator=operator, commission_bps=500, epoch=1, metadata=metadata)
    scribe.log(HUB, "Locked", service=service, operator=operator, payer=operator, amount=1_000 * ETHER)
    owner = address(f"delegator of {operator}")
    scribe.log(HUB, "Staked", operator=operator, owner=owner, amount=250 * ETHER, shares=250 * ETHER)
    if environment:
        last = scribe.time + 90 * DAY
        scribe.log(HEARTBEATS, "Bound", operator=operator, environment=environment, since=scribe.time, last=last)


def slash(scribe: Scribe, operator: str, environment: str, seq: int) -> None:
    """A false heartbeat is reported, and the hub takes what it costs."""
    service = scribe.addresses[HEARTBEATS]
    scribe.log(
        HUB, "Slashed",
        service=service, operator=operator, damages=100 * ETHER, penalty=50 * ETHER, delegated=12 * ETHER,
    )  # fmt: skip
    scribe.log(
        HEARTBEATS, "Reported", same=True,
        operator=operator, environment=environment, prover=address("watcher"), node=address(f"node of {operator}"),
        promotion_seq=seq, digest=word("swapped weights"), restitution=100 * ETHER, reward=5 * ETHER,
    )  # fmt: skip


def _case(scribe: Scribe, operator: str) -> None:
    juror = address("juror")
    scribe.log(
        COURT, "CaseOpened",
        case_id=1, service=scribe.addresses["SampleService"], operator=operator, fault=word("fault"),
        accuser=address("client"), amount=20 * ETHER, bond=5 * ETHER, evidence="0x" + "ab" * 40,
    )  # fmt: skip
    scribe.log(COURT, "Answered", case_id=1, party=operator, evidence="0x01")
    scribe.log(COURT, "VoteCommitted", case_id=1, juror=juror, hearing=1, seats=3, seal=word("seal"))
    scribe.next_block()
    scribe.log(COURT, "VoteRevealed", case_id=1, juror=juror, hearing=1, seats=3, guilty=True)
    scribe.log(COURT, "Decided", case_id=1, verdict=2, costs=ETHER, lost=0)


def _grants(scribe: Scribe, holder: str) -> None:
    scribe.log(TOKEN, "Transfer", from_=ZERO_ADDRESS, to=scribe.addresses[DISTRIBUTOR], value=9_000 * ETHER)
    scribe.log(ESCROW, "Created", id=1, beneficiary=holder, revoker=ZERO_ADDRESS, total=600 * ETHER, divisor=3)
    for _ in range(3):
        scribe.next_block(200_000)
        scribe.log(DISTRIBUTOR, "Claimed", index=7, account=holder, amount=100 * ETHER)
        scribe.log(ESCROW, "Claimed", id=1, beneficiary=holder, amount=50 * ETHER)
        scribe.log(TOKEN, "Transfer", same=True, from_=scribe.addresses[DISTRIBUTOR], to=holder, value=100 * ETHER)


def _answers(scribe: Scribe, environment: str) -> dict[str, str]:
    """Two providers of answers, channels of two tokens, covers, demands, a report and orders."""
    provider, liar, client = address("provider"), address("lying provider"), address("client of answers")
    for operator, request in ((provider, 2 * ETHER), (liar, ETHER)):
        _serve(scribe, operator, environment, request)
    paid, covered = open_channel(scribe, "paid", client, provider), open_channel(scribe, "covered", client, liar)
    stable = open_channel(scribe, "stable", client, provider, address("stablecoin"))
    _claims(scribe, paid, provider)
    _promises(scribe, paid, provider, client, covered, liar)
    _orders(scribe, client, provider, environment)
    return {"provider": provider, "liar": liar, "client": client, "paid": paid, "covered": covered, "stable": stable}


def _serve(scribe: Scribe, operator: str, environment: str, request: int) -> None:
    service, key, last = scribe.addresses[MARKET], address(f"key of {operator}"), scribe.time + 90 * DAY
    offer = {
        "token": scribe.addresses[TOKEN], "request": str(request), "input_units": str(10 * ETHER),
        "output_units": str(30 * ETHER), "credit": str(5 * ETHER), "interval": 3_600,
    }  # fmt: skip
    scribe.log(HUB, "TermsAnnounced", operator=operator, commission_bps=500, epoch=1, metadata="")
    scribe.log(HUB, "Locked", service=service, operator=operator, payer=operator, amount=2_000 * ETHER)
    scribe.log(MARKET, "KeyRegistered", operator=operator, key=key, kind=2)
    scribe.log(MARKET, "CapSet", operator=operator, key=key, cap=700 * ETHER)
    where: dict[str, Any] = {"operator": operator, "environment": environment}
    scribe.log(MARKET, "Served", since=scribe.time, last=last, endpoint=f"https://{operator[2:8]}.example", **where)
    scribe.log(MARKET, "OfferAnnounced", offer=offer, effective_from=scribe.time, **where)
    later = {**offer, "request": str(request * 3)}
    scribe.log(MARKET, "OfferAnnounced", offer=later, effective_from=scribe.time + DAY, **where)


def open_channel(scribe: Scribe, name: str, payer: str, receiver: str, token: str = "") -> str:
    """A channel with a hundred coins in it, or so many units of another token; its id."""
    id_ = word(f"channel {name}")
    config = {
        "payer": payer, "payerAuthorizer": address(f"authorizer of {name}"), "receiver": receiver,
        "receiverAuthorizer": receiver, "token": token or scribe.addresses[TOKEN], "withdrawDelay": 3_600,
        "salt": word(name),
    }  # fmt: skip
    amount = 5_000_000 if token else 100 * ETHER
    scribe.log(CHANNELS, "ChannelCreated", channelId=id_, config=config)
    scribe.log(CHANNELS, "Deposited", same=True, channelId=id_, sender=payer, amount=amount, newBalance=amount)
    return id_


def _claims(scribe: Scribe, channel: str, receiver: str) -> None:
    for total in (20 * ETHER, 45 * ETHER):
        scribe.log(
            CHANNELS, "Claimed", channelId=channel, sender=receiver, claimAmount=total, newTotalClaimed=total
        )  # fmt: skip
    scribe.log(CHANNELS, "ClaimSkipped", channelId=channel, reason=2)
    where: dict[str, Any] = {"receiver": receiver, "token": scribe.addresses[TOKEN]}
    scribe.log(CHANNELS, "Settled", sender=receiver, amount=44 * ETHER, **where)
    scribe.log(CHANNELS, "FeeKept", same=True, amount=ETHER, **where)
    scribe.log(CHANNELS, "Refunded", channelId=channel, sender=receiver, amount=10 * ETHER)
    scribe.log(
        CHANNELS, "WithdrawInitiated", channelId=channel, amount=15 * ETHER, finalizeAfter=scribe.time + 3_600
    )  # fmt: skip


def _promises(scribe: Scribe, kept: str, provider: str, client: str, covered: str, liar: str) -> None:
    """One provider answers what is demanded; the other signs two receipts of one number, and is reported."""
    for channel, operator in ((kept, provider), (covered, liar)):
        scribe.log(
            MARKET, "Covered",
            channel=channel, operator=operator, key=address(f"key of {operator}"), payer=client,
            restitution=60 * ETHER, price=ETHER, since=scribe.time, last=scribe.time + 30 * DAY,
        )  # fmt: skip
    where: dict[str, Any] = {"channel": kept, "operator": provider}
    for request in ("0x7b7d", "0x7b7e"):
        scribe.log(
            MARKET, "Demanded",
            requester=client, fee=2 * ETHER, refund=2 * ETHER, deadline=scribe.time + DAY, request=request, **where,
        )  # fmt: skip
        if request == "0x7b7d":
            scribe.log(MARKET, "Answered", number=7, response="0x7b7d", **where)
    taken: dict[str, Any] = {"damages": 415 * ETHER // 2, "penalty": 106 * ETHER, "delegated": 0}
    scribe.log(HUB, "Slashed", service=scribe.addresses[MARKET], operator=liar, **taken)
    scribe.log(
        MARKET, "Reported", same=True,
        operator=liar, channel=covered, prover=address("watcher"), environment=word("environment production"),
        number=3, restitution=60 * ETHER, reward=106 * ETHER,
    )  # fmt: skip


def _orders(scribe: Scribe, client: str, provider: str, environment: str) -> None:
    for number, ended in enumerate(("Completed", "Refunded")):
        scribe.log(
            ORDERS, "Placed",
            order=number, client=client, provider=provider, environment=environment, requests=word("requests"),
            count=1_000, fee=50 * ETHER, deadline=scribe.time + DAY,
        )  # fmt: skip
        if ended == "Completed":
            scribe.log(ORDERS, "Accepted", order=number)
            scribe.log(
                ORDERS, "Submitted",
                order=number, results=word("results"), signature="0x" + 65 * "00", until=scribe.time + 2 * DAY,
            )  # fmt: skip
            scribe.log(ORDERS, "Completed", order=number, provider=provider, amount=50 * ETHER)
        else:
            scribe.log(ORDERS, "Refunded", order=number, client=client, amount=50 * ETHER)


def large(scribe: Scribe, *, operators: int, records: int, environments: int = 20) -> None:
    """So many of each, beside the small world."""
    known = small(scribe)
    for number in range(environments):
        scribe.next_block()
        place = word(f"environment {number}")
        scribe.log(ENVIRONMENTS, "Declared", environment=place, owner=known["owner"], name=f"environment {number}")
        promote(scribe, place, 1, known["first"])
    for number in range(operators):
        scribe.next_block()
        join(scribe, address(f"operator {number}"), f"https://{number}.example", known["environment"])
        if number % 50 == 0:
            slash(scribe, address(f"operator {number}"), known["environment"], seq=1)
        if number % 1_000 == 0:
            scribe.write()
    parents = [known["data"]]
    for number in range(records):
        if number % 50 == 0:
            scribe.next_block()
        author = address(f"author {number % 100}")
        parents.append(record(scribe, f"record {number}", 5, author, [(1, parents[number // 2])]))
        if number % PART == 0:
            scribe.write()
    scribe.write()


def _kept(column: Column, value: Any) -> Any:
    if column.kind is Kind.JSON:
        return json.dumps(value, separators=(",", ":"))
    return str(value) if column.kind is Kind.NUMBER else value


def _mentions(values: Any) -> Iterator[str]:
    for value in values:
        if isinstance(value, str) and (not value.startswith("0x") or len(value) in (42, 66)):
            yield value
        elif isinstance(value, dict):
            yield from _mentions(value.values())
        elif isinstance(value, list):
            yield from _mentions(value)
