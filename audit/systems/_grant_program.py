"""GrantProgram on a hub, a registry and an escrow: the set-up, and the log of who paid, voted, objected, showed and
withdrew what. What must be true is computed from the log in the words of docs/invariants.md."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar

from audit.staked_hub import hub_arguments, make_room
from ethwire.constants import ZERO_ADDRESS
from ethwire.errors import Revert
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Call, System
from keifu.keys import keccak256
from keifu.provenance import Attestation, Kind, Link, Record, RegistryDomain, Relation, Status
from keifu.tge import Grants
from keifu.units import COIN, DAY

__all__ = [
    "ATTESTERS", "CLAIM_TIME", "COMMITTEE_NOTICE", "DELEGATORS", "FUNDED", "LIFE", "LONGEST", "LONGEST_NOTICE",
    "MEMBERS", "PAID", "PART", "QUIET", "RIVAL", "SCHEMAS", "STAKED", "TEAMS", "WHOLE", "Committee", "Evidence",
    "GrantLog", "Programme", "Promised", "Proposal",
]  # fmt: skip

MEMBERS = ("member", "second member", "third member")
TEAMS = ("team", "other team")
ATTESTERS = ("attester", "other attester")
DELEGATORS = ("delegator", "other delegator")
SCHEMAS = (b"\xa1" * 32, b"\xa2" * 32)
FUNDED, PAID, STAKED = 10_000 * COIN, 600 * COIN, 800 * COIN
RIVAL = 1_200 * COIN  # delegated to an operator at whom nobody objects
LIFE, COMMITTEE_NOTICE, LONGEST_NOTICE, CLAIM_TIME = 200 * DAY, 7 * DAY, 14 * DAY, 180 * DAY
LONGEST = 5 * 365 * DAY  # to a deadline
WHOLE, PART = 10_000, 3_000  # basis points: more than one delegator has, less than both, once the rival is counted
QUIET = 1  # programme, and proposal, of people who do nothing else


@dataclass(frozen=True)
class Committee:
    members: tuple[str, ...]
    needed: int
    since: int


@dataclass
class Programme:
    """As its funder opened it, what was paid in and what was taken back."""

    number: int
    funder: str
    token: str
    objection_bps: int
    notice: int
    last: int
    committees: list[Committee]
    paid_in: int = 0
    taken: int = 0

    def version(self, now: int) -> int:
        """GRT-7"""
        return sum(1 for item in self.committees if item.since <= now)


@dataclass
class Evidence:
    """A record, and who said under which schema that it shows a milestone: [expiry, whether it was taken back]."""

    id: bytes
    author: str
    kind: int
    content: Record
    parent: bytes = b""
    status: int = int(Status.ACTIVE)
    said: dict[tuple[str, bytes], list[int]] = field(default_factory=dict)


@dataclass
class Promised:
    """A milestone as it was proposed, and what became of it."""

    amount: int
    deadline: int
    kind: int
    sound: bool
    schema: bytes
    needed: int
    attesters: tuple[str, ...]
    step: int = 0
    steps: int = 0
    cliff: int = 0
    learners: bytes = bytes(32)
    released: int = 0  # when
    evidence: bytes = b""
    grant: int = 0
    paid: dict[int, int] = field(default_factory=dict)  # index of the list -> wei
    ended: str = ""  # lapsed or clawed back
    at: int = 0  # when it ended
    back: int = 0  # wei that came back

    @property
    def args(self) -> tuple[Any, ...]:
        return (self.amount, self.deadline, self.kind, self.sound, self.schema, self.needed, self.attesters,
                self.step, self.steps, self.cliff, self.learners)  # fmt: skip

    @property
    def is_list(self) -> bool:
        return self.learners != bytes(32)

    @property
    def left(self) -> int:
        """Of a list that is being paid."""
        is_paying = self.is_list and self.released and not self.ended
        return self.amount - sum(self.paid.values()) if is_paying else 0

    @property
    def pending(self) -> bool:
        return not self.released and not self.ended

    @property
    def given(self) -> int:
        """Wei that left the programme for good, as far as can be said."""
        if not self.released:
            return 0
        return sum(self.paid.values()) if self.is_list else self.amount - self.back

    @property
    def until(self) -> int:
        """After which it lapses, notice aside."""
        return self.deadline + (CLAIM_TIME if self.released else 0)

    def vested(self, at: int) -> int:
        """GRT-8, in exact fractions."""
        at = self.at if self.ended else at
        passed = min(self.steps, (at - self.released) // self.step)
        return int(self.amount * Fraction(passed, self.steps)) if passed >= self.cliff else 0


@dataclass
class Proposal:
    number: int
    programme: Programme
    grantee: str
    proposer: str
    version: int
    milestones: list[Promised]
    votes: set[str] = field(default_factory=set)
    recused: set[str] = field(default_factory=set)
    carried: int = 0
    stopped: bool = False
    objected: dict[tuple[str, int], int] = field(default_factory=dict)  # (owner, account) -> wei
    whole: int = 0  # what its objections are a share of

    @property
    def sum(self) -> int:
        return sum(item.amount for item in self.milestones)

    @property
    def notice_end(self) -> int:
        return self.carried + self.programme.notice

    @property
    def is_carried(self) -> bool:
        return self.carried > 0 and not self.stopped

    @property
    def committee(self) -> Committee:
        return self.programme.committees[self.version - 1]


class GrantLog(System):
    """Set-up, and the log's words."""

    contracts: ClassVar[tuple[str, ...]] = ("GrantProgram", "GrantWitness")
    actors: ClassVar[tuple[str, ...]] = (
        "owner", "funder", "other funder", *MEMBERS, *TEAMS, *ATTESTERS, *DELEGATORS, "learner", "operator", "rival",
        "stranger", "quiet funder", "quiet member", "quiet team", "quiet attester",
    )  # fmt: skip
    wait_weight = 10

    # set-up -----------------------------------------------------------------------------------------------------------

    def setup(self, evm: LocalEvm) -> None:
        owner, maker = evm.account("owner"), evm.account("deployer")
        token = evm.deploy("KeifuToken", owner, sender=owner)
        hub = evm.deploy("StakingHub", *hub_arguments(token, owner, evm.account("treasury")), sender=owner)
        make_room(hub, token, owner, evm.account("service"), [self["operator"], self["rival"]], evm.warp)
        other = evm.deploy("HookToken", sender=maker)
        registry = evm.deploy("ProvenanceRegistry", sender=maker)
        escrow = evm.deploy("VestingEscrow", token, ZERO_ADDRESS, sender=maker)
        witness = evm.deploy("GrantWitness", hub, registry, sender=maker)
        grants = evm.deploy("GrantProgram", witness, owner, sender=maker)
        self.bind(token=token, hub=hub, other=other, registry=registry, escrow=escrow, witness=witness, grants=grants)
        self.domain = RegistryDomain(evm.chain_id, registry.address)
        grants.list_token(token, escrow, True, sender=owner)
        grants.list_token(other, ZERO_ADDRESS, True, sender=owner)
        for role in self.actors[1:]:
            who = self[role]
            token.transfer(who, FUNDED, sender=owner)
            other.mint(who, FUNDED, sender=owner)
            for coin, spender in ((token, grants), (token, hub), (other, grants)):
                coin.approve(spender, 2**256 - 1, sender=who)
        accounts = [self[role].lower() for role in ("learner", "stranger", "learner")]
        self.list = Grants(accounts, [100 * COIN, 200 * COIN, 300 * COIN])
        self.coins = {self["token"]: self.read("token.balanceOf"), self["other"]: self.read("other.balanceOf")}
        self.dataset = Record(self["stranger"], Kind.DATASET, b"\x01" * 32)
        self.data = self.registered(self.dataset)
        self.opened_at = self.open()
        self.keys = {(self[role], sub): hub.owner_key(self[role], sub) for role in self.actors for sub in (0, 7)}

    def open(self) -> int:
        """Beside the programme in which all is done, quiet people have one with a proposal whose notice is over."""
        grants, now = self.contract("grants"), self.evm.now
        self.first_last = now + LIFE
        terms = ([self["quiet member"]], 1, WHOLE, DAY, self.first_last)
        for who in ("quiet funder", "funder"):
            grants.open(self["token"], terms, sender=self[who])
            terms = ([self[role] for role in MEMBERS], 2, PART, 3 * DAY, self.first_last)
            grants.fund(1 + (who == "funder"), 5_000 * COIN, sender=self[who])
        self.waiting = Promised(PAID, now + 400 * DAY, int(Kind.RUN), False, SCHEMAS[0], 1, (self["quiet attester"],))
        grants.propose(QUIET, self["quiet team"], [self.waiting.args], bytes(32), "", sender=self["quiet funder"])
        grants.vote(1, True, sender=self["quiet member"])
        self.quiet_record = self.registered(Record(self["quiet team"], Kind.RUN, b"\x02" * 32))
        said = Attestation(SCHEMAS[0], self.quiet_record).args
        self.contract("registry").attest(said, sender=self["quiet attester"])
        for who in DELEGATORS:
            self.contract("hub").stake(self["operator"], STAKED, 0, 0, sender=self[who])
        self.contract("hub").stake(self["rival"], RIVAL, 0, 0, sender=self["quiet funder"])
        self.evm.warp(2 * DAY)
        return now

    def registered(self, record: Record) -> bytes:
        registry = self.contract("registry")
        registry.register(record.args, sender=record.author)
        registry.store_links([record.args], sender=record.author)
        return self.domain.record_id(record)

    def start(self) -> None:
        now, token = self.opened_at, self["token"]
        quiet = Committee((self["quiet member"],), 1, now)
        usual = Committee(tuple(self[role] for role in MEMBERS), 2, now)
        self.programmes = [
            Programme(1, self["quiet funder"], token, WHOLE, DAY, self.first_last, [quiet], 5_000 * COIN),
            Programme(2, self["funder"], token, PART, 3 * DAY, self.first_last, [usual], 5_000 * COIN),
        ]
        waiting = Promised(**vars(self.waiting) | {"paid": {}})
        first = Proposal(1, self.programmes[0], self["quiet team"], self["quiet funder"], 1, [waiting])
        first.votes, first.carried = {self["quiet member"]}, now
        self.proposals = [first]
        self.listed = {token: True, self["other"]: True}
        self.escrows = {token: self["escrow"], self["other"]: ZERO_ADDRESS}
        self.records = {self.data: Evidence(self.data, self["stranger"], int(Kind.DATASET), self.dataset)}
        self.shown: dict[bytes, tuple[int, int]] = {}  # record -> proposal and milestone
        self.made = 0  # records
        self.staked = {(self[role], 0): STAKED for role in DELEGATORS}
        self.counted: dict[str, int] = {}  # operator -> wei of its pool when somebody counted it
        self.traced: defaultdict[bytes, set[bytes]] = defaultdict(set)  # record -> what it was traced to
        self.found: set[bytes] = set()  # records behind which a trace found one that was withdrawn
        self.leaving: defaultdict[tuple[str, int, int], int] = defaultdict(int)  # owner, account, ticket -> wei
        self.grants_made = 0
        self.moved: defaultdict[tuple[str, str], int] = defaultdict(int)  # (coin, account) -> wei, by the log
        self.had = {(coin, who): read(who) for coin, read in self.coins.items() for who in self.addresses}

    def deadlines(self) -> list[int]:
        times = [programme.last for programme in self.programmes[-2:]]
        times += [item.committees[-1].since for item in self.programmes[-2:]]
        for proposal in self.proposals[-3:]:
            times += [proposal.notice_end] if proposal.carried else []
            times += [item.until for item in proposal.milestones[:2]]
        return times

    # the log's words --------------------------------------------------------------------------------------------------

    def reserved(self, programme: Programme) -> int:
        """GRT-6: of proposals that stand, what is pending, and what learners have not got."""
        found = 0
        for proposal in self.proposals:
            if proposal.programme is programme and proposal.is_carried:
                found += sum(item.amount if item.pending else item.left for item in proposal.milestones)
        return found

    def given(self, programme: Programme) -> int:
        mine = [item for item in self.proposals if item.programme is programme]
        return sum(item.given for proposal in mine for item in proposal.milestones)

    def free(self, programme: Programme) -> int:
        return programme.paid_in - programme.taken - self.reserved(programme) - self.given(programme)

    def counts(self, item: Promised, record: Evidence, *, still: bool) -> bool:
        """GRT-3 and GRT-8: whether enough attestations are there; to be evidence still they may have expired."""
        found = 0
        for who in item.attesters:
            expiry, is_revoked = record.said.get((who, item.schema), (-1, 1))
            found += not is_revoked and (still or expiry == 0 or expiry > self.now)
        return found >= item.needed

    def soundness(self, record: Evidence) -> int:
        """State of the first of a record and what it was made from that is not active."""
        while record.status == Status.ACTIVE and record.parent:
            record = self.records[record.parent]
        return record.status

    def is_withdrawn(self, item: Promised) -> bool:
        """GRT-8"""
        record = self.records[item.evidence]
        if record.status == Status.REVOKED or (item.sound and self.is_unsound(record)):
            return True
        return not self.counts(item, record, still=True)

    def is_unsound(self, record: Evidence) -> bool:
        """WIT-2: what a record was made from was withdrawn, and the registry's walk or a trace has found it."""
        return record.id in self.found or self.soundness(record) == Status.REVOKED

    def pool(self, operator: str) -> int:
        """Wei that are delegated to an operator now."""
        return {self["operator"]: sum(self.staked.values()), self["rival"]: RIVAL}.get(operator, 0)

    def lineage(self, record: Evidence) -> list[Evidence]:
        """A record, and what it was made from, nearest first."""
        found = [record]
        while found[-1].parent:
            found.append(self.records[found[-1].parent])
        return found

    def moves(self, coin: str, who: str, wei: int) -> None:
        self.moved[coin, who] += wei

    # calls ------------------------------------------------------------------------------------------------------------

    def call(self, function: str, *args: Any, sender: str) -> Call:
        return self.tx(f"grants.{function}", *args, sender=sender, raw_outcome=True)

    def judged(self, rule: str, call: Call, *wrongs: tuple[object, str]) -> Any:
        """Make a call that is refused for a reason that holds, and goes through when none does."""
        due = {f"grants: {reason}" for holds, reason in wrongs if holds}
        returned = yield call
        said = {self.refusal} if returned is None else set()
        as_predicted = said <= due if due and said else not due and not said
        assert as_predicted, f"{rule}: refused for {said or 'nothing'}, not {due or 'nothing'}"
        return returned

    def view(self, name: str, *args: Any) -> Any:
        """What a view answers, whole; one that reverts is a finding."""
        try:
            return getattr(self.contract("grants"), name)(*args)
        except Revert as error:
            raise AssertionError(f"{name} must answer, was refused: {error.reason}") from error

    # evidence ---------------------------------------------------------------------------------------------------------

    def publishing(self, author: str, kind: int, parent: bytes) -> Any:
        """A new record, with its links written down; its id."""
        self.made += 1
        links = (Link(Relation.EVALUATED_ON, parent),) if parent else ()
        digest = keccak256(b"record %d" % self.made)
        record = Record(author, Kind(kind), digest, links=links)
        known = self.domain.record_id(record)
        yield self.tx("registry.register", record.args, sender=author)
        yield self.tx("registry.store_links", [record.args], sender=author)
        self.records[known] = Evidence(known, author, kind, record, parent)
        return known

    def saying(self, who: str, schema: bytes, record: bytes, expiry: int = 0) -> Any:
        yield self.tx("registry.attest", Attestation(schema, record, expiry).args, sender=who)
        self.records[record].said[who, schema] = [expiry, 0]
