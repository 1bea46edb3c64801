"""What `keifu court` does, over any deployer: accuse, vote under seal, appeal, execute, collect. Amounts are wei."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ethwire.constants import ZERO_ADDRESS
from keifu.abi import Contract, Receipt, encode_args
from keifu.chain import ChainClient, Deployer, Deployment
from keifu.chain.header import encode_header
from keifu.errors import UsageError
from keifu.keys import keccak256
from keifu.staking.actions import pay

__all__ = [
    "COURT",
    "VERDICTS",
    "CaseStatus",
    "appeal",
    "case_of",
    "collect",
    "commit",
    "draw",
    "open_case",
    "read_case",
    "seal",
]

COURT, RANDOMNESS = "AlignmentCourt", "Randomness"
VERDICTS = ("open", "not guilty", "guilty", "no quorum")


@dataclass(frozen=True)
class CaseStatus:
    """A case and its newest jury. Times are unix seconds, `amount` wei, votes seats."""

    id: int
    service: str
    operator: str
    accuser: str
    amount: int
    evidence: str
    turn: int
    verdict: str
    phase: str  # commit, reveal, appeal, executable, or closed
    until: int  # when the phase ends; 0 when it does not
    committed: int
    guilty: int
    innocent: int

    def data(self) -> dict[str, Any]:
        """For `--json`: the amount as a decimal string."""
        return {**asdict(self), "amount": str(self.amount)}


def seal(case: int, turn: int, juror: str, guilty: bool, salt: bytes) -> bytes:
    """keccak256(abi_encode(case, turn, juror, guilty, salt)); `salt` is 32 random bytes that stay with the juror."""
    kinds = ["uint256", "uint256", "address", "bool", "bytes32"]
    values: list[Any] = [case, turn, juror, guilty, salt]
    return keccak256(encode_args(kinds, values, "vote"))


def case_of(receipt: Receipt) -> int:
    """The number of the case that a transaction opened."""
    return int(receipt.events("CaseOpened")[0].args["case_id"])


def read_case(court: Contract, case: int, now: int) -> CaseStatus:
    """One case as it stands at `now`. Raises UsageError when there is none with this number."""
    service, operator, accuser, _, amount, evidence, turn, verdict, _ = court.get_case(case)
    if accuser == ZERO_ADDRESS:
        raise _no_case(case, court.case_count())
    opened, _, _, _, committed, guilty, innocent = court.get_round(case, turn)
    phase, until = _phase(court, opened, now) if verdict == 0 else ("closed", 0)
    said = VERDICTS[verdict]
    ids = (case, service, operator, accuser, amount, "0x" + evidence.hex(), turn)
    return CaseStatus(*ids, said, phase, until, committed, guilty, innocent)


def _phase(court: Contract, opened: int, now: int) -> tuple[str, int]:
    end = opened
    periods = (("commit", court.commit_period()), ("reveal", court.reveal_period()), ("appeal", court.appeal_period()))
    for phase, seconds in periods:
        end += seconds
        if now < end:
            return phase, end
    return "executable", 0


def _state(chain: Deployer, suite: Deployment, case: int) -> tuple[int, int]:
    """The newest turn of a case, and its verdict. Raises UsageError when there is no case with this number."""
    found = chain.call(suite[COURT], COURT, "get_case", case)
    if found[2] == ZERO_ADDRESS:
        raise _no_case(case, chain.call(suite[COURT], COURT, "case_count"))
    return found[6], found[7]


def _no_case(case: int, count: int) -> UsageError:
    return UsageError(f"there is no case {case}", remedy=f"{count} have been opened, counted from 1")


def open_case(
    chain: Deployer, suite: Deployment, service: str, operator: str, victim: str, amount: int, evidence: bytes
) -> int:
    """Accuse `operator`, with the bond that the court asks for; the case. Raises Revert and CheckFailed."""
    bond = chain.call(suite[COURT], COURT, "bond")
    pay(
        chain,
        suite,
        bond,
        suite[COURT],
        COURT,
        "open_case",
        service,
        operator,
        victim or ZERO_ADDRESS,
        amount,
        evidence,
    )
    case: int = chain.call(suite[COURT], COURT, "case_count")
    return case


def draw(client: ChainClient, chain: Deployer, suite: Deployment, case: int) -> int:
    """Bring the header of the block that draws the jury of a case's newest turn; the number of that block, 0 when
    somebody has brought it. Raises UsageError while there is no such block."""
    court, randomness = suite.at(client, COURT), suite.at(client, RANDOMNESS)
    turn = read_case(court, case, client.now).turn
    epoch = court.get_round(case, turn)[2]
    if any(randomness.seed(epoch)):
        return 0
    source: int = randomness.source(epoch)
    if (missing := source + 1 - chain.block_number) > 0:
        raise UsageError(
            f"the jury of case {case} is drawn by block {source}, which is not there yet",
            remedy=f'it is {missing} blocks away; on a local chain: keifu chain warp "1 hour" --blocks {missing}',
        )
    header = encode_header(client.rpc.call("eth_getBlockByNumber", hex(source), False))
    chain.call(suite[RANDOMNESS], RANDOMNESS, "capture", epoch, header)
    return source


def commit(chain: Deployer, suite: Deployment, case: int, guilty: bool, salt: bytes) -> int:
    """Take every seat that was drawn for the sender and seal its vote; the number of seats. Raises Revert.

    Raises UsageError when no seat was drawn.
    """
    turn, _ = _state(chain, suite, case)
    seats: list[int] = list(chain.call(suite[COURT], COURT, "drawn_seats", case, chain.sender))
    if not seats:
        raise UsageError(
            f"no seat of case {case} was drawn for {chain.sender}",
            remedy=f"the seed may still be to come: keifu court draw {case}",
        )
    vote = seal(case, turn, chain.sender, guilty, salt)
    chain.call(suite[COURT], COURT, "commit_vote", case, seats, vote)
    return len(seats)


def appeal(chain: Deployer, suite: Deployment, case: int) -> int:
    """Call a larger jury, with its bond; wei of the bond. Raises Revert and CheckFailed."""
    turn, _ = _state(chain, suite, case)
    bond: int = chain.call(suite[COURT], COURT, "bond") * chain.call(suite[COURT], COURT, "APPEAL_FACTOR") ** (turn + 1)
    pay(chain, suite, bond, suite[COURT], COURT, "appeal", case)
    return bond


def collect(chain: Deployer, suite: Deployment, case: int) -> int:
    """Claim the sender's part of a case's pot for each turn in which its vote was the verdict, and collect all credit;
    wei that were paid. Raises Revert."""
    turns, verdict = _state(chain, suite, case)
    for turn in range(turns + 1):
        seats, vote = chain.call(suite[COURT], COURT, "ballot", case, turn, chain.sender)[1:3]
        if seats and vote == verdict:
            chain.call(suite[COURT], COURT, "claim_juror", case, turn)
    paid: int = chain.call(suite[COURT], COURT, "credits", chain.sender)
    if paid:
        chain.call(suite[COURT], COURT, "collect", chain.sender)
    return paid
