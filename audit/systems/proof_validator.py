"""ProofValidator: what it answers about agents' operators and audits, beside a court and a registry that are real.

Coins pass through none of its calls: what it answers is all that it can do, so the five oracles have nothing to weigh.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

from eth_abi.abi import encode

from audit.staked_hub import hub_arguments
from audit.systems._constructors import Deployment, variations
from audit.systems._differential import Differential
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps, action, invariant
from evmstorm.fuzz.values import Choice
from keifu.abi.eip712 import AGENT_WALLET
from keifu.agents import identity_domain
from keifu.keys import keccak256
from keifu.provenance import Attestation, Kind, Link, Record, Relation, Status
from keifu.spec import proofs
from keifu.spec.court import sealed
from keifu.spec.proofs import Answered, Proofs, Question
from keifu.units import COIN, DAY

OWNERS, OPERATORS, ATTESTERS = ("owner", "buyer"), ("operator", "other operator"), ("auditor", "other auditor")
AGENTS = (0, 1, 0, 7)  # the last is never made
SALTS = (bytes(32), b"\x01" * 32)
RECORDS = (0, 1, 2, 3)  # of the first token, of the second, made of the first record, whose parents nobody stored
SCHEMA = keccak256(b"audited by hand")
SEATS, SEAT, ASKED, BLOCKS_A_DAY, HORIZON = 420, 2_000 * COIN, 2_000 * COIN, 4, 40 * DAY
FIRST_VERDICT, VERDICT, SEED_EPOCH = 13, 14, 12  # places in the court's case
CONVICTED = 2
VOTE_SALT = b"\x09" * 32
FAULTS, AUDIT = keccak256(b"proven faults"), keccak256(b"audit")
TAGS = {False: "proven-faults", True: "audit"}


class ProofValidator(Differential):
    """Two agents, two operators, four records, and a court with a verdict of each kind."""

    contracts = ("ProofValidator",)
    actors = (*OWNERS, *OPERATORS, *ATTESTERS, "service", "stranger")
    jumps_blocks = True  # the court counts blocks

    # set-up -----------------------------------------------------------------------------------------------------------

    def setup(self, evm: LocalEvm) -> None:
        self.deployer = evm.account("deployer")
        self.keys_of = {self[role]: evm.account(role) for role in self.actors}
        self.deploy_court(evm)
        nft = evm.deploy("IntelligentNFT", self.deployer, "", sender=self.deployer)
        identity = evm.deploy("AgentIdentity", nft, sender=self.deployer)
        validation = evm.deploy("AgentValidation", identity, sender=self.deployer)
        registry = evm.deploy("ProvenanceRegistry", sender=self.deployer)
        arguments = (validation, self["court"], registry)
        validator = evm.deploy("ProofValidator", *arguments, sender=self.deployer)
        self.bind(nft=nft, identity=identity, validation=validation, registry=registry, validator=validator)
        self.seat_juror(evm)
        self.domain = identity_domain(evm.chain_id, identity.address)
        self.digests, self.tokens = {0: bytes(32)}, [0]
        for salt, role in enumerate(OWNERS):
            terms = (self["owner"], salt, [keccak256(b"data %d" % salt)], 0, False, 0, 0, 0)
            token = int(nft.mint_data(*terms, sender=self[role]).value)
            self.tokens.append(token)
            self.digests[token] = bytes(nft.data_hash_of(token))
        self.make_records()
        # The first token's data twice: once as a record of its own, once as one that was made of that.
        described = {0: self.tokens[1], 1: self.tokens[2], 2: self.tokens[1], 3: self.tokens[1]}
        book = Proofs(validator.address, described, {2: 0})
        for agent in range(2):
            identity.register("", sender=self["owner"])
            identity.bind_data(agent, self.tokens[agent + 1], sender=self["owner"])
            for item in (
                proofs.Owned(agent, self["owner"]),
                proofs.Wallet(agent, self["owner"]),
                proofs.Bound(agent, self.tokens[agent + 1]),
            ):
                book.did(item)
        for record in RECORDS[:3]:
            book.did(proofs.Stored(record))
        self.open_cases(book)
        self.ask_first(book)
        self.opening = pickle.dumps(book)

    def constructors(self) -> Iterator[Deployment]:
        right = (self["validation"], self["court"], self["registry"])
        nothing = "validator: nothing to read"
        yield from variations("ProofValidator", right, (1, ZERO_ADDRESS, nothing), (2, ZERO_ADDRESS, nothing))

    def start(self) -> None:
        self.model: Proofs = self.revived(self.opening)

    def deploy_court(self, evm: LocalEvm) -> None:
        deployer = self.deployer
        token = evm.deploy("KeifuToken", deployer, sender=deployer)
        hub = evm.deploy("StakingHub", *hub_arguments(token, deployer, evm.account("insurance")), sender=deployer)
        box = evm.deploy("MockRandomness", sender=deployer)
        court = evm.deploy("AlignmentCourt", token, hub, box, BLOCKS_A_DAY, sender=deployer)
        self.bind(token=token, hub=hub, box=box, court=court)

    def seat_juror(self, evm: LocalEvm) -> None:
        """After all contracts are there: ids hold their addresses, and revm as pyrevm brings it counts no calls."""
        deployer, token, hub, court = self.deployer, *map(self.contract, ("token", "hub", "court"))
        for service in (court.address, self["service"]):
            hub.list_service(service, HORIZON, 0, sender=deployer)
        self.juror = evm.account("juror")
        token.transfer(self.juror, 2 * SEATS * SEAT, sender=deployer)
        token.transfer(self["service"], 10**6 * COIN, sender=deployer)
        token.approve(hub, 2**256 - 1, sender=self.juror)
        token.approve(court, 2**256 - 1, sender=self["service"])
        hub.register_operator(0, "", sender=self.juror)
        hub.lock(court, self.juror, SEATS * SEAT, sender=self.juror)
        court.join(sender=self.juror)
        evm.warp(8 * DAY)

    def make_records(self) -> None:
        registry, owner = self.contract("registry"), self["owner"]
        ids: list[bytes] = []
        self.records: list[Record] = []
        for number, (token, made_of) in enumerate(((1, None), (2, None), (1, 0), (1, None))):
            links = () if made_of is None else (Link(Relation.DERIVED_FROM, ids[made_of]),)
            version = str(number)
            record = Record(owner, Kind.AGENT, self.digests[self.tokens[token]], version=version, links=links)
            registry.register(record.args, sender=owner)
            ids.append(bytes(registry.record_id(record.args)))
            self.records.append(record)
        self.ids = ids
        registry.store_links([record.args for record in self.records[:3]], sender=owner)

    def ask_first(self, book: Proofs) -> None:
        """The first agent has an operator, an audit that stands, and a question about each."""
        identity, registry, owner = self.contract("identity"), self.contract("registry"), self["owner"]
        deadline, operator = self.now + 60, self["operator"]
        signature = self.domain.sign(self.keys_of[operator], AGENT_WALLET, 0, operator, owner, deadline)
        identity.setAgentWallet(0, operator, deadline, signature, sender=owner)
        book.did(proofs.Wallet(0, operator))
        registry.attest(Attestation(SCHEMA, self.ids[0], revocable=True).args, sender=self["auditor"])
        book.did(proofs.Attested(self["auditor"], 0, proofs.FOR_EVER))
        for question in (Question(0, operator, SALTS[0]), Question(0, self["auditor"], SALTS[0], 0)):
            terms = (self["validator"], 0, "", self.request(question))
            self.contract("validation").validationRequest(*terms, sender=owner)
            book.ask(owner, self["validator"], question)

    def open_cases(self, book: Proofs) -> None:
        """One that is void, one that a jury has decided but may be heard again, and one that is just opened."""
        court, box = self.contract("court"), self.contract("box")
        self.open_now(1, self["operator"], book)
        self.pass_period(DAY, 1)
        self.pass_period(14 * DAY, 1)
        assert court.over(1), "there was no seed"
        self.open_now(2, self["operator"], book)
        self.pass_period(DAY, 2)
        box.put(court.get_case(2)[SEED_EPOCH], b"\x07" * 32, sender=self.deployer)
        court.advance(2, sender=self.deployer)
        court.commit(2, sealed(2, 0, self.juror.address, True, VOTE_SALT), sender=self.juror)
        self.pass_period(2 * DAY, 2)
        court.reveal(2, True, VOTE_SALT, sender=self.juror)
        self.pass_period(DAY, 2)
        assert court.get_case(2)[FIRST_VERDICT] == CONVICTED, "the jury has voted"
        assert not court.over(2), "and can be overruled"
        self.open_now(3, self["operator"], book)

    def open_now(self, number: int, operator: str, book: Proofs) -> None:
        fault = number.to_bytes(32, "big")
        self.contract("court").open(operator, fault, ASKED, self["auditor"], b"evidence", sender=self["service"])
        book.did(proofs.Opened(number, operator))

    def pass_period(self, seconds: int, case: int) -> None:
        self.evm.mine(seconds * BLOCKS_A_DAY // DAY)
        self.evm.warp(seconds)
        self.contract("court").advance(case, sender=self.deployer)

    # agents -----------------------------------------------------------------------------------------------------------

    @action("", Choice(AGENTS), Choice((*OPERATORS, "none")), sender=OWNERS, weight=6)
    def set_wallet(self, who: str, agent: int, role: str) -> Steps:
        if role == "none":
            order = self.tx("identity.unsetAgentWallet", agent, sender=who, raw_outcome=True)
            wallet = ZERO_ADDRESS
        else:
            wallet, deadline = self[role], self.now + 60
            signature = self.domain.sign(
                self.keys_of[wallet], AGENT_WALLET, agent, wallet, self.model.owner(agent), deadline
            )
            order = self.tx("identity.setAgentWallet", agent, wallet, deadline, signature, sender=who, raw_outcome=True)
        if (yield order) is not None:
            self.model.did(proofs.Wallet(agent, wallet))

    @action("", Choice(AGENTS), Choice(OWNERS), sender=OWNERS, weight=2)
    def sell(self, who: str, agent: int, role: str) -> Steps:
        order = self.tx("identity.transferFrom", who, self[role], agent, sender=who, raw_outcome=True)
        if (yield order) is not None:
            self.model.did(proofs.Owned(agent, self[role]))

    @action("", Choice(AGENTS), Choice("tokens"), sender=OWNERS, weight=4)
    def bind_data(self, who: str, agent: int, token: int) -> Steps:
        order = self.tx("identity.bind_data", agent, token, sender=who, raw_outcome=True)
        if (yield order) is not None:
            self.model.did(proofs.Bound(agent, token))

    @action("", Choice("tokens"), sender="owner")
    def burn(self, who: str, token: int) -> Steps:
        if (yield self.tx("nft.burn", token, sender=who, raw_outcome=True)) is not None:
            self.model.did(proofs.Burned(token))

    # the court --------------------------------------------------------------------------------------------------------

    @action("", Choice(OPERATORS), sender="service", weight=2)
    def accuse(self, who: str, role: str) -> Steps:
        number = self.ask("court.case_count") + 1
        terms = (self[role], number.to_bytes(32, "big"), ASKED, self["auditor"], b"evidence")
        if (yield self.tx("court.open", *terms, sender=who, raw_outcome=True)) is not None:
            self.model.did(proofs.Opened(number, self[role]))

    @action("", Choice((3, 4, 5)), sender="service", weight=4)
    def concede(self, who: str, case: int) -> Steps:
        if (yield self.tx("court.concede", case, sender=who, raw_outcome=True)) is not None:
            self.note_end(case)

    @action("", Choice((2, 3, 4)), weight=4)
    def advance(self, who: str, case: int) -> Steps:
        if (yield self.tx("court.advance", case, sender=who, raw_outcome=True)) is not None:
            self.note_end(case)

    def note_end(self, case: int) -> None:
        """What the court, which another campaign looks at, says of a case that has gone on."""
        court = self.contract("court")
        is_new = proofs.Convicted(case) not in self.model.log
        if is_new and court.over(case) and court.get_case(case)[VERDICT] == CONVICTED:
            self.model.did(proofs.Convicted(case))

    # the registry of provenance ---------------------------------------------------------------------------------------

    @action("", Choice(RECORDS), Choice((0, 3 * DAY)), sender=ATTESTERS, weight=6)
    def attest(self, who: str, record: int, life: int) -> Steps:
        said = Attestation(SCHEMA, self.ids[record], expiry=self.now + life if life else 0, revocable=True)
        if (yield self.tx("registry.attest", said.args, sender=who, raw_outcome=True)) is not None:
            self.model.did(proofs.Attested(who, record, said.expiry or proofs.FOR_EVER))

    @action("", Choice(RECORDS), sender=ATTESTERS, weight=2)
    def take_back(self, who: str, record: int) -> Steps:
        order = self.tx("registry.revoke_attestation", SCHEMA, self.ids[record], sender=who, raw_outcome=True)
        if (yield order) is not None:
            self.model.did(proofs.TakenBack(who, record))

    @action("", Choice((0, 1, 2)), Choice((Status.DEPRECATED, Status.REVOKED)), sender="owner")
    def withdraw(self, who: str, record: int, status: Status) -> Steps:
        order = self.tx("registry.set_status", self.ids[record], status, "a fault", sender=who, raw_outcome=True)
        if (yield order) is not None:
            self.model.did(proofs.Withdrawn(record))

    @action("")
    def store(self, who: str) -> Steps:
        if (yield self.tx("registry.store_links", [self.records[3].args], sender=who, raw_outcome=True)) is not None:
            self.model.did(proofs.Stored(3))

    # the validator ----------------------------------------------------------------------------------------------------

    @action("", Choice(AGENTS), Choice((*OPERATORS, "")), Choice(SALTS), Choice((True, True, False)), sender=OWNERS,
            weight=8)  # fmt: skip
    def ask_faults(self, who: str, agent: int, role: str, salt: bytes, ours: bool) -> Steps:
        yield from self.asked(who, Question(agent, self[role] if role else ZERO_ADDRESS, salt), ours)

    @action("", Choice(AGENTS), Choice(ATTESTERS), Choice(RECORDS), Choice(SALTS), sender=OWNERS, weight=8)
    def ask_audit(self, who: str, agent: int, role: str, record: int, salt: bytes) -> Steps:
        yield from self.asked(who, Question(agent, self[role], salt, record), True)

    def asked(self, who: str, question: Question, ours: bool) -> Steps:
        validator = self["validator"] if ours else self["stranger"]
        terms = (validator, question.agent, "", self.request(question))
        order = self.tx("validation.validationRequest", *terms, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.ask(who, validator, question), order=order, atomic=True)

    @action("", Choice(AGENTS), Choice((*OPERATORS, "")), Choice(SALTS), weight=14)
    def answer_clean(self, who: str, agent: int, role: str, salt: bytes) -> Steps:
        question = Question(agent, self[role] if role else ZERO_ADDRESS, salt)
        order = self.tx("validator.answer_clean", agent, question.who, salt, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.answer_clean(question), order=order, atomic=True)

    @action("", Choice(AGENTS), Choice(OPERATORS), Choice(SALTS), Choice((1, 2, 3, 4, 5)), weight=14)
    def answer_fault(self, who: str, agent: int, role: str, salt: bytes, case: int) -> Steps:
        question = Question(agent, self[role], salt)
        order = self.tx("validator.answer_fault", agent, question.who, salt, case, sender=who, raw_outcome=True)
        done = yield from self.both(lambda m: m.answer_fault(question, case), order=order, atomic=True)
        if done is not None:
            request = self.request(question)
            self.emitted("validator.FaultShown", request=request, agent_id=agent, case_id=case)

    @action("", Choice(AGENTS), Choice(ATTESTERS), Choice(RECORDS), Choice(SALTS), weight=14)
    def answer_audit(self, who: str, agent: int, role: str, record: int, salt: bytes) -> Steps:
        question = Question(agent, self[role], salt, record)
        terms = (agent, question.who, SCHEMA, self.records[record].args, salt)
        order = self.tx("validator.answer_audit", *terms, sender=who, raw_outcome=True)
        yield from self.both(lambda m: m.answer_audit(question), order=order, atomic=True)

    def request(self, question: Question) -> bytes:
        """What a question's hash commits to, by the words of the interface."""
        head = (self["validator"], self.evm.chain_id, question.agent, question.who)
        kinds = ["bytes32", "address", "uint256", "uint256", "address"]
        if question.of_audit:
            about = (AUDIT, *head, SCHEMA, self.ids[question.record], question.salt)
            return keccak256(encode([*kinds, "bytes32", "bytes32", "bytes32"], about))
        return keccak256(encode([*kinds, "bytes32"], (FAULTS, *head, question.salt)))

    def view_of(self, question: Question) -> tuple[Any, ...]:
        """The validator's own view of the same hash."""
        if question.of_audit:
            about = question.agent, question.who, SCHEMA, self.ids[question.record], question.salt
            return "validator.audit_request", *about
        return "validator.fault_request", question.agent, question.who, question.salt

    def proof(self, answered: Answered) -> bytes:
        """What an answer's hash names: the case, or whose words about which data."""
        question = answered.question
        if question.of_audit:
            kinds = ["address", "address", "bytes32", "bytes32", "bytes32"]
            named: Any = (SCHEMA, self.ids[question.record], self.digests[answered.about])
            return keccak256(encode(kinds, (self["registry"], question.who, *named)))
        if answered.response:
            return bytes(32)
        kinds = ["address", "uint256", "address", "address"]
        return keccak256(encode(kinds, (self["court"], answered.about, self["service"], question.who)))

    # what always holds ------------------------------------------------------------------------------------------------

    @invariant("PRV-2", at_end=True)
    def faults_are_those_that_were_proved(self) -> bool:
        """A request is faulty when a final conviction was shown for it, and for ever."""
        return all(
            self.ask("validator.is_faulty", self.request(item.question)) == int(self.model.is_faulty(item.question))
            for item in self.model.log
            if isinstance(item, proofs.Asked) and not item.question.of_audit
        )

    @invariant("PRV-3", at_end=True)
    def answers_are_the_log_s(self) -> bool:
        """What stands at a request is the last answer, its tag and its proof; PRV-1 and PRV-2 at each call."""
        for item in self.model.log:
            if not isinstance(item, proofs.Asked):
                continue
            request = self.request(item.question)
            if bytes(self.answer(*self.view_of(item.question))) != request:
                return False
            found = self.answer("validation.getValidationStatus", request)
            answered = self.model.last(Answered, question=item.question)
            if answered is None:
                wanted: tuple[Any, ...] = (0, bytes(32), "")
            else:
                wanted = (answered.response, self.proof(answered), TAGS[item.question.of_audit])
            if (found[0], found[1], found[2], bytes(found[3]), found[4]) != (
                item.validator, item.question.agent, *wanted,
            ):  # fmt: skip
                return False
        return True


__all__ = ["ProofValidator"]
