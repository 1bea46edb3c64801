"""What a client compares before it believes an answer: all of it, always, each under a name of its own.

The receipt is the provider's word. It is compared with the bytes that went over the wire, with what the client has
counted and asked for, and with what its own side says of the registry and of the operator's keys (`sources`). What
differs is named by its check, so that an error says which.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from enum import StrEnum

from keifu.compute.canonical import tokens_of
from keifu.compute.client.drawn import chosen_alone, drawn_as_asked
from keifu.compute.client.reexecuted import Promised, why_not_reexecuted
from keifu.compute.client.rooted import groups_compared, roots_compared
from keifu.compute.client.sources import Sources
from keifu.compute.client.units import Usage, usage_of
from keifu.compute.receipt import Evidence, Receipt, Receipts, SignedReceipt
from keifu.compute.tee import TeeWord, split_word
from keifu.compute.vectors import has_vectors, vectors_of
from keifu.errors import CheckFailed, InputError
from keifu.keys import keccak256
from keifu.provenance.verify import CLOCK_SECONDS, Finding

__all__ = [
    "JUDGED_POSITIONS",
    "STALE_SECONDS",
    "Check",
    "Exchange",
    "Expected",
    "Prices",
    "ReplyRefused",
    "Standing",
    "check_reply",
    "require",
    "shown",
]

ZERO = bytes(32)
MILLION = 1_000_000
JUDGED_POSITIONS = 1_024  # of a trace that is judged
STALE_SECONDS = 600  # for which an answer by the artefact before the newest one is still taken


class Check(StrEnum):
    """What is compared, by its name."""

    RECEIPT = "receipt"
    REQUEST = "request hash"
    RESPONSE = "response hash"
    CHANNEL = "channel"
    NUMBER = "number"
    ENVIRONMENT = "environment"
    PROMOTION = "promotion"
    DIGEST = "digest"
    ROOTS = "roots"
    GROUPS = "groups"
    SAMPLING = "sampling"
    UNITS = "units"
    PRICE = "price"
    CHARGED = "charged"
    EVIDENCE = "evidence"
    TIME = "time"
    KEY = "receipt key"
    WORDS = "words"
    PRODUCTS = "products"
    COMPUTATION = "computation"


class ReplyRefused(CheckFailed):
    """An answer that is not what its receipt says, or not what was asked for; `checks` says in what."""

    def __init__(self, failed: Iterable[Finding]) -> None:
        found = tuple(failed)
        self.checks = tuple(Check(item.check) for item in found)
        super().__init__(
            "; ".join(f"{item.check}: {item.detail}" for item in found),
            remedy="do not use the answer; the receipt is kept: it is evidence against who signed it",
        )


@dataclass(frozen=True)
class Exchange:
    """What went over the wire. Of a stream, `response` is all that came before the receipt's comment. `tee` is the
    header with a TEE's word, empty for none; a stream has that in a comment of its own."""

    request: bytes
    response: bytes
    signed: SignedReceipt
    received: int | None = None  # unix seconds, by the client's clock; None: nobody noted it
    tee: str = ""


@dataclass(frozen=True)
class Prices:
    """An offer, in the token's smallest units: for a request, and for a million units in and out."""

    request: int = 0
    million_in: int = 0
    million_out: int = 0

    def fee(self, units_in: int, units_out: int) -> int:
        """The most that an answer of so many units costs: parts of a smallest unit are rounded up once."""
        return self.request - -(units_in * self.million_in + units_out * self.million_out) // MILLION

    def within(self, most: Prices) -> Prices:
        """These, and none above those."""
        return Prices(*map(min, astuple(self), astuple(most)))


@dataclass(frozen=True)
class Standing:
    """What the client knows of its channel beside the answer in question: numbers and sums of its other receipts."""

    seen: bool = False  # a receipt with this number, and not this one
    below: tuple[int, int] = (0, 0)  # of the receipts with lower numbers the highest: number, charged by then
    above: tuple[int, int] | None = None  # of those with higher numbers the lowest: number, charged before it
    ceiling: int = 0  # charged before this answer at most: what answers cost, and what lost ones may have cost
    signed: int | None = None  # the most that any voucher names; None: the provider signs by an API key


@dataclass(frozen=True)
class Expected:
    """What the client asked for, from its own side. What is None is not compared, and the finding says so. `tees` are
    addresses of keys that the client takes for those of trusted execution environments."""

    chain_id: int
    market: str
    operator: str
    channel_id: bytes | None = None
    environment: bytes | None = None
    prices: Prices | None = None
    most: int | None = None
    standing: Standing | None = None
    tees: frozenset[str] = frozenset()
    has_disputes: bool = False  # whether the operator promised something for a wrong token
    asked_for_groups: bool = False  # of a node that says that it gives them
    committed: bytes | None = None  # the provider's half of a seed, as it had named it before the request was sent
    promised: Promised | None = None  # at ReExecution, about answers of a float model


def check_reply(exchange: Exchange, expected: Expected, sources: Sources) -> list[Finding]:
    """Every check, those that hold included."""
    receipt = exchange.signed.receipt
    return [
        *_bytes(exchange),
        _channel(receipt, expected),
        *_money(receipt, expected.standing),
        *_artefact(receipt, expected, sources),
        Finding(Check.ROOTS, *roots_compared(receipt, exchange.request, exchange.response)),
        *_groups(exchange, expected),
        *_sampling(exchange),
        _units(receipt, usage_of(exchange.response)),
        _price(receipt, expected),
        _evidence(exchange, expected),
        _time(receipt, exchange.received),
        _key(exchange.signed, expected, sources),
    ]


def require(findings: Iterable[Finding]) -> None:
    """Raises ReplyRefused with the checks that failed."""
    if failed := [item for item in findings if not item.ok]:
        raise ReplyRefused(failed)


def shown(exchange: Exchange, expected: Expected) -> Evidence:
    """Under which word an answer is shown whose checks hold: no claim of its provider alone is more than its word."""
    claimed = exchange.signed.receipt.evidence
    if claimed == Evidence.ATTESTED and _tee_of(exchange) in expected.tees:
        return Evidence.ATTESTED
    if claimed == Evidence.PROVED and not _why_not_proved(exchange, expected):
        return Evidence.PROVED
    if claimed == Evidence.REEXECUTED and not _why_not_again(exchange, expected):
        return Evidence.REEXECUTED
    return Evidence.UNVERIFIED


def _bytes(exchange: Exchange) -> list[Finding]:
    receipt = exchange.signed.receipt
    return [
        _same(Check.REQUEST, keccak256(exchange.request), receipt.request_hash, "the bytes that were sent"),
        _same(Check.RESPONSE, keccak256(exchange.response), receipt.response_hash, "the bytes that came"),
    ]


def _same(check: Check, own: bytes, said: bytes, what: str) -> Finding:
    if own == said:
        return Finding(check, True, f"{what} hash to {own.hex()[:16]}…")
    return Finding(check, False, f"{what} hash to {own.hex()[:16]}…, the receipt says {said.hex()[:16]}…")


def _channel(receipt: Receipt, expected: Expected) -> Finding:
    if expected.channel_id is None:
        return Finding(Check.CHANNEL, True, f"{receipt.channel_id.hex()}, not compared: you named none")
    return _same(Check.CHANNEL, expected.channel_id, receipt.channel_id, "the channel that paid: its words")


def _money(receipt: Receipt, standing: Standing | None) -> list[Finding]:
    number = f"{receipt.number}"
    if receipt.number < 1:
        return [Finding(Check.NUMBER, False, "it is 0, requests are counted from 1"), _charged(receipt, standing)]
    if standing is None:
        counted = Finding(Check.NUMBER, True, f"{number}, not compared: your other receipts are not at hand")
    elif standing.seen:
        counted = Finding(Check.NUMBER, False, f"{number} stands in another receipt of this channel, too")
    else:
        counted = Finding(Check.NUMBER, True, f"{number}, in no other receipt")
    return [counted, _charged(receipt, standing)]


def _charged(receipt: Receipt, standing: Standing | None) -> Finding:
    """Charged so far is what was charged before and this fee; where receipts are missing between, a range."""
    if receipt.charged < receipt.fee:
        return Finding(Check.CHARGED, False, f"{receipt.charged}, less than the fee of {receipt.fee}")
    if standing is None:
        return Finding(Check.CHARGED, True, f"{receipt.charged}, not compared: your other receipts are not at hand")
    start = receipt.charged - receipt.fee
    before = standing.below[1]
    if not before <= start <= standing.ceiling:
        known = f"{before}" if before == standing.ceiling else f"{before} to {standing.ceiling}"
        said = f"{known} before and a fee of {receipt.fee}, it says {receipt.charged}"
        return Finding(Check.CHARGED, False, said)
    if standing.above is not None:
        later, most = standing.above
        if receipt.charged > most or (later == receipt.number + 1 and receipt.charged != most):
            said = f"{most} before the receipt with number {later}, it says {receipt.charged}"
            return Finding(Check.CHARGED, False, said)
    if standing.signed is not None and receipt.charged > standing.signed:
        return Finding(Check.CHARGED, False, f"{receipt.charged}, your vouchers allow {standing.signed}")
    return Finding(Check.CHARGED, True, f"{start} before and a fee of {receipt.fee}")


def _artefact(receipt: Receipt, expected: Expected, sources: Sources) -> list[Finding]:
    """Environment, promotion and digest against the registry, at the promotion's own number."""
    if expected.environment is not None and receipt.environment != expected.environment:
        said, asked = receipt.environment.hex()[:16], expected.environment.hex()[:16]
        return [Finding(Check.ENVIRONMENT, False, f"the receipt says {said}…, asked was {asked}…")]
    if receipt.environment == ZERO:
        alone = "bound to none: which artefact answered is the provider's word alone"
        return [Finding(Check.ENVIRONMENT, True, alone), _unbound(receipt)]
    compared = "as asked" if expected.environment is not None else "not compared: you named none"
    found = Finding(Check.ENVIRONMENT, True, f"{receipt.environment.hex()[:16]}…, {compared}")
    made = sources.promoted(receipt.environment, receipt.promotion_seq)
    seq = receipt.promotion_seq
    if made is None:
        return [found, Finding(Check.PROMOTION, False, f"{sources.word} knows no promotion {seq} there")]
    if receipt.time < made.time - CLOCK_SECONDS:
        early = f"{seq} was made {made.time - receipt.time:,} s after the receipt"
        return [found, Finding(Check.PROMOTION, False, early)]
    if made.replaced is not None and receipt.time > made.replaced + STALE_SECONDS:
        stale = f"{seq} had been replaced {receipt.time - made.replaced:,} s before the receipt"
        return [found, Finding(Check.PROMOTION, False, stale)]
    right = _same(Check.DIGEST, made.digest, receipt.digest, f"by {sources.word}, promotion {seq}: its words")
    return [found, Finding(Check.PROMOTION, True, f"{seq}"), right]


def _unbound(receipt: Receipt) -> Finding:
    if receipt.promotion_seq:
        return Finding(Check.PROMOTION, False, f"{receipt.promotion_seq} of no environment")
    return Finding(Check.PROMOTION, True, "none")


def _groups(exchange: Exchange, expected: Expected) -> list[Finding]:
    receipt = exchange.signed.receipt
    is_judged = receipt.input_units + receipt.output_units - 1 <= JUDGED_POSITIONS
    if receipt.evidence != Evidence.PROVED or not is_judged:
        return []
    found = groups_compared(exchange.response, are_due=expected.asked_for_groups)
    return [] if found is None else [Finding(Check.GROUPS, *found)]


def _sampling(exchange: Exchange) -> list[Finding]:
    found = drawn_as_asked(exchange.signed.receipt, exchange.request, exchange.response)
    return [] if found is None else [Finding(Check.SAMPLING, *found)]


def _units(receipt: Receipt, usage: Usage | None) -> Finding:
    said = f"{receipt.input_units} in, {receipt.output_units} out"
    if usage is None:
        return Finding(Check.UNITS, True, f"{said}, not compared: the answer names none")
    if (usage.units_in, usage.units_out) != (receipt.input_units, receipt.output_units):
        return Finding(Check.UNITS, False, f"{said}, the answer says {usage.units_in} in, {usage.units_out} out")
    return Finding(Check.UNITS, True, f"{said}, as the answer says")


def _price(receipt: Receipt, expected: Expected) -> Finding:
    if expected.most is not None and receipt.fee > expected.most:
        return Finding(Check.PRICE, False, f"a fee of {receipt.fee}, at most {expected.most} was agreed to")
    if expected.prices is None:
        return Finding(Check.PRICE, True, f"a fee of {receipt.fee}, not compared: you named no offer")
    fee = expected.prices.fee(receipt.input_units, receipt.output_units)
    if receipt.fee > fee:
        return Finding(Check.PRICE, False, f"a fee of {receipt.fee}, by the offer {fee}")
    return Finding(Check.PRICE, True, f"a fee of {receipt.fee}, by the offer at most {fee}")


def _evidence(exchange: Exchange, expected: Expected) -> Finding:
    claimed = exchange.signed.receipt.evidence
    if claimed == Evidence.PROVED:
        if why := _unprovable(exchange.signed.receipt):
            return Finding(Check.EVIDENCE, False, f"proved, but {why}")
        if why := _why_not_proved(exchange, expected):
            return Finding(Check.EVIDENCE, True, f"unverified: it says proved, but {why}")
        return Finding(Check.EVIDENCE, True, "proved: any wrong number can be shown on the chain")
    if claimed == Evidence.REEXECUTED:
        if exchange.signed.receipt.digest == ZERO:
            return Finding(Check.EVIDENCE, False, "re-executed, but it names no model that anybody could run")
        if why := _why_not_again(exchange, expected):
            return Finding(Check.EVIDENCE, True, f"unverified: it says re-executed, but {why}")
        return Finding(Check.EVIDENCE, True, "re-executed: a panel computes it again where you doubt it")
    if claimed != Evidence.ATTESTED:
        return Finding(Check.EVIDENCE, True, "unverified: its provider's word")
    try:
        signer = _tee_of(exchange)
    except (InputError, ValueError) as error:
        return Finding(Check.EVIDENCE, False, f"attested, but its TEE's word does not hold: {error}")
    if signer not in expected.tees:
        said = f"unverified: {signer} signed for a TEE, and you named it as none"
        return Finding(Check.EVIDENCE, True, said)
    return Finding(Check.EVIDENCE, True, f"attested: by the TEE whose key is {signer}")


def _why_not_again(exchange: Exchange, expected: Expected) -> str:
    receipt = exchange.signed.receipt
    return why_not_reexecuted(receipt, exchange.request, exchange.response, expected.operator, expected.promised)


def _unprovable(receipt: Receipt) -> str:
    """Why nobody could ever show a wrong token of it; empty when somebody could."""
    if ZERO in (receipt.input_root, receipt.output_root, receipt.trace_root):
        return "it binds no trace"
    return "it is bound to no environment, so to no program" if receipt.environment == ZERO else ""


def _why_not_proved(exchange: Exchange, expected: Expected) -> str:
    """What is missing so that a wrong token could be shown there where you are; empty when nothing is."""
    receipt = exchange.signed.receipt
    if why := _unprovable(receipt):
        return why
    promised = "" if expected.has_disputes else "its operator promised nothing that you know of for a wrong number"
    if has_vectors(exchange.response):
        return _why_no_vector(receipt, exchange.response) or promised
    if receipt.input_units + receipt.output_units - 1 > JUDGED_POSITIONS:
        return f"a dispute reaches {JUDGED_POSITIONS:,} positions"
    tokens = tokens_of(exchange.response)
    if tokens is None or not tokens.positions:
        return "it came without the roots of its positions, which a dispute begins with"
    if why := chosen_alone(tokens, exchange.request, expected.committed):
        return why
    return promised


def _why_no_vector(receipt: Receipt, response: bytes) -> str:
    """The same of a text's vector, but for what its operator promised."""
    vectors = vectors_of(response)
    if vectors is None:
        return "it came without the integers of its vectors"
    if len(vectors) != 1:
        return "it is of several texts, and a dispute is about one"
    if receipt.input_units > JUDGED_POSITIONS:
        return f"a dispute reaches {JUDGED_POSITIONS:,} positions"
    return "" if vectors[0].groups else "it came without what its groups committed to, which a dispute begins with"


def _tee_of(exchange: Exchange) -> str:
    """Whose key signed that these are its bytes. Raises InputError or ValueError when none did."""
    body, comment = split_word(exchange.response)
    word = TeeWord.read(exchange.tee or comment)
    if not word.is_about(exchange.request, body):
        raise InputError("it is about other bytes")
    return word.signer()


def _time(receipt: Receipt, received: int | None) -> Finding:
    if received is None:
        return Finding(Check.TIME, True, f"{receipt.time}, not compared: nobody noted when it came")
    if abs(apart := receipt.time - received) > STALE_SECONDS:
        way = "after" if apart > 0 else "before"
        return Finding(Check.TIME, False, f"{abs(apart):,} s {way} it came by your clock")
    return Finding(Check.TIME, True, f"{receipt.time}")


def _key(signed: SignedReceipt, expected: Expected, sources: Sources) -> Finding:
    try:
        signer = Receipts(expected.chain_id, expected.market).signer(signed)
    except ValueError as error:
        return Finding(Check.KEY, False, f"no signature: {error}")
    operator = sources.operator_of(signer, signed.receipt.time)
    if operator.lower() != expected.operator.lower():
        whose = f"of {operator}" if operator else "of nobody known"
        said = f"signed for this market by {signer}, {whose} by {sources.word}; asked was {expected.operator}"
        return Finding(Check.KEY, False, said)
    return Finding(Check.KEY, True, f"{signer}, of {operator} by {sources.word}")
