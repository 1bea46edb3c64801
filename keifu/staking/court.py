"""What `keifu court` does, over any deployer: answer, draw, vote under seal, call for a re-hearing, settle. Amounts are
wei, times unix seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from ethwire.abi import encode_args
from keifu.abi import Contract, Receipt
from keifu.chain import ChainClient, Deployer, Deployment
from keifu.chain.firsts import still, unless_done, until_done
from keifu.chain.header import encode_header
from keifu.chain.logs import find_logs
from keifu.chain.suite import COURT
from keifu.errors import CheckFailed, UsageError
from keifu.keys import keccak256
from keifu.spec.court import ANSWER, CALL, COMMIT, FEES, OVER, PERIODS, REVEAL, SMALL
from keifu.staking.actions import collect, pay

__all__ = [
    "COURT",
    "HEARINGS",
    "PHASES",
    "VERDICTS",
    "CaseStatus",
    "JurorStatus",
    "Statement",
    "Votes",
    "advance",
    "case_of",
    "commit",
    "draw",
    "read_case",
    "read_juror",
    "read_statements",
    "rehear",
    "rehearing_bond",
    "release",
    "seal",
    "settle",
]

RANDOMNESS = "Randomness"
VERDICTS = ("open", "acquitted", "convicted", "void")
HEARINGS = ("first jury", "re-hearing")
REHEARING = 1
PHASES = ("", "answer", "seed", "commit", "reveal", "call", "queue", "over")
TIMED = (ANSWER, COMMIT, REVEAL, CALL)  # phases that end with a period, at the least
MAX_JURORS = 32  # settled in one call
STATEMENTS = {
    "0x" + keccak256(text.encode()).hex(): said
    for text, said in (
        ("CaseOpened(uint256,address,address,bytes32,address,uint256,uint256,bytes)", "accusation"),
        ("Answered(uint256,address,bytes)", "answer"),
    )
}
COMMITTED = "0x" + keccak256(b"VoteCommitted(uint256,address,uint256,uint256,bytes32)").hex()


@dataclass(frozen=True)
class Votes:
    """Seats of one hearing."""

    committed: int
    innocent: int
    guilty: int


@dataclass(frozen=True)
class CaseStatus:
    """A case as it stands. `until` is when the phase can end at the earliest, 0 when that is not known."""

    id: int
    service: str
    operator: str
    accuser: str
    amount: int
    phase: str
    hearing: str
    until: int
    seed_epoch: int
    first: str  # what the first jury found
    verdict: str
    first_jury: Votes
    rehearing: Votes

    def data(self) -> dict[str, Any]:
        """For `--json`: the amount as a decimal string."""
        return {**asdict(self), "amount": str(self.amount)}


@dataclass(frozen=True)
class Statement:
    """What a party said in a case, as the log keeps it."""

    kind: str  # accusation or answer
    party: str
    block: int
    evidence: bytes

    def data(self) -> dict[str, Any]:
        """For `--json`: the evidence as text where it is text."""
        return {**asdict(self), "evidence": self.text}

    @property
    def text(self) -> str:
        """The evidence for people: as text, or in hex when it is none."""
        try:
            found = self.evidence.decode()
        except UnicodeDecodeError:
            return "0x" + self.evidence.hex()
        # A control character could write anything over what the juror's terminal shows.
        return found if all(map(str.isprintable, found.split("\n"))) else "0x" + self.evidence.hex()


@dataclass(frozen=True)
class JurorStatus:
    """A juror's coins behind the court."""

    juror: str
    locked: int
    mature: int  # weighs in cases that are opened now
    pending: int  # will weigh from `counts_from` on
    counts_from: int
    leaving: int  # asked back
    release_at: int
    ballots: int  # not settled

    def data(self) -> dict[str, Any]:
        """For `--json`: amounts as decimal strings."""
        amounts = {name: str(getattr(self, name)) for name in ("locked", "mature", "pending", "leaving")}
        return {**asdict(self), **amounts}


def seal(case: int, hearing: int, juror: str, guilty: bool, salt: bytes) -> bytes:
    """keccak256(abi_encode(case, hearing, juror, guilty, salt)); `salt` is 32 random bytes that stay with the juror."""
    kinds = ["uint256", "uint256", "address", "bool", "bytes32"]
    return keccak256(encode_args(kinds, [case, hearing, juror, guilty, salt]))


def case_of(receipt: Receipt) -> int:
    """The number of the case that a transaction opened."""
    return int(receipt.events("CaseOpened")[0].args["case_id"])


def read_case(court: Contract, case: int) -> CaseStatus:
    """One case. Raises UsageError when there is none with this number."""
    if not 0 < case <= (count := court.case_count()):
        raise _no_case(case, count)
    (
        service, operator, accuser, _, amount, _, _, _, hearing, phase, since, _, seed_epoch, first, verdict, _
    ) = court.get_case(case)  # fmt: skip
    return CaseStatus(
        id=case,
        service=service,
        operator=operator,
        accuser=accuser,
        amount=amount,
        phase=PHASES[phase],
        hearing=HEARINGS[hearing],
        until=since + PERIODS[phase] if phase in TIMED else 0,
        seed_epoch=seed_epoch,
        first=VERDICTS[first],
        verdict=VERDICTS[verdict],
        first_jury=Votes(*court.tally(case, 0)),
        rehearing=Votes(*court.tally(case, 1)),
    )


def _no_case(case: int, count: int) -> UsageError:
    return UsageError(f"there is no case {case}", remedy=f"{count} have been opened, counted from 1")


def read_statements(client: ChainClient, court: Contract, case: int, first_block: int = 0) -> list[Statement]:
    """Everything that the parties said, oldest first."""
    found: list[Statement] = []
    for topic, kind in STATEMENTS.items():
        for log in find_logs(client, court.address, [topic, f"0x{case:064x}"], first_block):
            decoded = court.interface.read_log(court.address, log.topics, log.data)
            assert decoded is not None
            party = decoded.args["accuser" if kind == "accusation" else "party"]
            found.append(Statement(kind, party, log.number, decoded.args["evidence"]))
    return sorted(found, key=lambda statement: statement.block)


def read_juror(hub: Contract, court: Contract, juror: str) -> JurorStatus:
    """One juror; somebody who never joined has nothing there."""
    mature, pending, counts_from, leaving, release_at, ballots = court.get_juror(juror)
    starts = hub.epoch_start(counts_from) if pending else 0
    locked = hub.lock_of(court.address, juror)
    return JurorStatus(juror, locked, mature, pending, starts, leaving, release_at, ballots)


def draw(client: ChainClient, chain: Deployer, suite: Deployment, case: int) -> int:
    """Bring the header of the block whose seed draws a case's jury, and let the court see it; the number of that block,
    0 when somebody has brought it. Raises UsageError while there is no such block, or no jury to draw."""
    court, randomness = suite.at(client, COURT), suite.at(client, RANDOMNESS)
    found = read_case(court, case)
    if found.phase == "answer":
        advance(chain, suite, case)
        found = read_case(court, case)
    if found.phase != "seed":
        raise UsageError(
            f"case {case} waits for no seed: its phase is {found.phase}",
            remedy="a jury is drawn once the time to answer is over",
        )
    source = 0
    if not any(randomness.seed(found.seed_epoch)):
        source = randomness.source(found.seed_epoch)
        if (missing := source + 1 - chain.block_number) > 0:
            raise UsageError(
                f"the jury of case {case} is drawn by block {source}, which is not there yet",
                remedy=f'it is {missing} blocks away; on a local chain: keifu chain warp "1 hour" --blocks {missing}',
            )
        header = encode_header(client.rpc.call("eth_getBlockByNumber", hex(source), False))
        bring = partial(chain.call, suite[RANDOMNESS], RANDOMNESS, "capture", found.seed_epoch, header)
        if not unless_done(bring, lambda: any(randomness.seed(found.seed_epoch))):
            source = 0
    advance(chain, suite, case)
    return source


def advance(chain: Deployer, suite: Deployment, case: int) -> str:
    """Take the step of a case that is due, and every one after it; the phase then. Raises Revert."""
    phase = _phase(chain, suite, case)
    while chain.simulate(suite[COURT], COURT, "advance", case) != phase:
        chain.call(suite[COURT], COURT, "advance", case)
        phase = _phase(chain, suite, case)
    return PHASES[phase]


def _phase(chain: Deployer, suite: Deployment, case: int) -> int:
    count = chain.call(suite[COURT], COURT, "case_count")
    if not 0 < case <= count:
        raise _no_case(case, count)
    phase: int = chain.call(suite[COURT], COURT, "get_case", case)[9]
    return phase


def commit(chain: Deployer, suite: Deployment, case: int, guilty: bool, salt: bytes) -> int:
    """Take every seat that was drawn for the sender and seal its vote; the number of seats. Raises Revert.

    Raises UsageError when no seat was drawn.
    """
    advance(chain, suite, case)
    hearing: int = chain.call(suite[COURT], COURT, "get_case", case)[8]
    seats: int = chain.call(suite[COURT], COURT, "drawn", case, hearing, chain.sender)
    if not seats:
        raise UsageError(
            f"no seat of case {case} was drawn for {chain.sender}",
            remedy=f"the seed may still be to come: keifu court draw {case}",
        )
    chain.call(suite[COURT], COURT, "commit", case, seal(case, hearing, chain.sender, guilty, salt))
    return seats


def rehear(chain: Deployer, suite: Deployment, case: int) -> None:
    """Call the re-hearing, with the fees that are its bond. Raises Revert and CheckFailed."""
    advance(chain, suite, case)
    found = chain.call(suite[COURT], COURT, "get_case", case)
    if found[2] == chain.sender:
        chain.call(suite[COURT], COURT, "rehear", case)  # the accuser's bond covers it
        return
    court = suite[COURT]
    pay(chain, suite, rehearing_bond(found[4], found[5]), court, COURT, "rehear", case)


def rehearing_bond(amount: int, unit: int) -> int:
    """Wei that the caller of a re-hearing brings: the fees of 190 seats, 3 coins each and 3.2 for each 2,500 asked.
    `unit` is what the court takes for a coin, wei."""
    return FEES[REHEARING] * (3 * unit + max(amount, SMALL * unit) * 32 // (10 * SMALL))


def settle(client: ChainClient, chain: Deployer, suite: Deployment, case: int, first_block: int = 0) -> list[str]:
    """Pay and charge every juror who committed a vote in a case that is over; the jurors. Raises Revert.

    Raises CheckFailed while the case is open.
    """
    if (phase := advance(chain, suite, case)) != PHASES[OVER]:
        raise CheckFailed(f"case {case} is not over: its phase is {phase}")
    logs = find_logs(client, suite[COURT], [COMMITTED, f"0x{case:064x}"], first_block)
    jurors = list(dict.fromkeys("0x" + log.topics[2][-40:] for log in logs))
    for group in _groups(jurors):
        chain.call(suite[COURT], COURT, "claim", case, group)
    return jurors


def _groups(jurors: Sequence[str]) -> list[list[str]]:
    return [list(jurors[start : start + MAX_JURORS]) for start in range(0, len(jurors), MAX_JURORS)]


def release(chain: Deployer, suite: Deployment) -> int:
    """Have what the sender asked back unlocked, and collect it at the hub; wei paid. Raises Revert."""
    leaving = still([chain.sender], lambda who: chain.call(suite[COURT], COURT, "get_juror", who)[3] > 0)
    until_done(leaving, lambda _: chain.call(suite[COURT], COURT, "release"))  # the juror's node may do it
    return collect(chain, suite)
