"""The lines of the report: what is done, what each part of it costs here, and what it costs elsewhere.

A part is a formula over inputs and nothing else. So a figure moves when one of its inputs does, and no other one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from keifu.cost.inputs import Figure, Formula, Input, Inputs, Read, compute
from keifu.storage.layout import CHUNK_BYTES, SEGMENT_BYTES
from keifu.storage.packs import HEADER_BYTES

__all__ = ["LINES", "Line", "format_inputs", "total"]

GAS, MACHINE, DISK, TRAFFIC, FEE = "gas", "machine", "disk", "traffic", "fee"
FORMAT = "format"
MILLION, GB_OF_TB = 10**6, 10**3
HOURS, SECONDS = 730, 3_600  # of a month, of an hour
GWEI = Fraction(1, 10**9)


@dataclass(frozen=True)
class Line:
    """One thing that is done. In `what` and `theirs` a name in braces is an input, printed as its value. `unlike` says
    what the other side has that this one has not, or what is not counted."""

    id: str
    what: str
    parts: Mapping[str, Formula]  # in dollars
    theirs: str
    their_cost: Formula | None
    unlike: str

    def part(self, inputs: Inputs, name: str) -> Figure:
        return compute(inputs, self.parts[name])

    def ours(self, inputs: Inputs) -> Figure:
        return compute(inputs, lambda read: total(self, read))

    def other(self, inputs: Inputs) -> Figure | None:
        return compute(inputs, self.their_cost) if self.their_cost else None

    def words(self, text: str, inputs: Inputs) -> str:
        """A text with its inputs' values, so that no number stands in it by itself."""
        names = {item.name.partition(" ")[2]: item.value for item in inputs.known.values() if item.name.count(" ") == 1}
        for name, value in names.items():
            text = text.replace(f"{{{name}}}", f"{float(value):g}")
        return text


def total(line: Line, read: Read) -> Fraction:
    """All parts of a line."""
    return sum((formula(read) for formula in line.parts.values()), start=Fraction(0))


def format_inputs() -> Iterable[Input]:
    """What the format adds to each byte, by its own constants."""
    on_disk = Fraction(SEGMENT_BYTES + HEADER_BYTES, CHUNK_BYTES)
    yield Input(f"{FORMAT} on_disk", on_disk, "bytes on a disk, a byte of a shard", source="segment and frame by chunk")
    yield Input(
        f"{FORMAT} sent", Fraction(SEGMENT_BYTES, CHUNK_BYTES), "bytes sent, a byte read", source="segment by chunk"
    )


def _gas(read: Read, amount: Fraction) -> Fraction:
    """Dollars of an amount of gas."""
    return amount * read("price gas") * GWEI * read("price token")


def _gas_of(name: str) -> Formula:
    """Dollars of one call, by measurement."""
    return lambda read: _gas(read, read(f"measured gas.{name}"))


def _paying(read: Read) -> Fraction:
    """A payment's part of its claim and of its deposit."""
    claim = read("measured gas.voucher_50") / read("assumption payments_a_claim")
    return _gas(read, claim + read("measured gas.deposit") / read("assumption payments_a_deposit"))


def _deciding(read: Read) -> Fraction:
    votes = read("assumption release_votes") * read("measured gas.grant_vote")
    return _gas(read, votes + read("measured gas.grant_release"))


def _gas_of_peer(name: str) -> Formula:
    return lambda read: _gas(read, read(f"peer gas.{name}"))


def _share(share: str, amount: str, fixed: str = "") -> Formula:
    return lambda read: read(share) * read(f"assumption {amount}") + (read(fixed) if fixed else 0)


def _processor_second(read: Read) -> Fraction:
    """Dollars of a second of one processor that is used."""
    machine = read("price machine_hour") / SECONDS
    return machine / read("assumption processors") / read("assumption utilisation")


def _answering(read: Read) -> Fraction:
    return MILLION / read("measured rate.inference") * _processor_second(read)


def _answering_bare(read: Read) -> Fraction:
    return _answering(read) / read("measured ratio.receipt_overhead")


def _settling(read: Read) -> Fraction:
    return _gas(read, MILLION * read("measured gas.inference"))


def _function(read: Read) -> Fraction:
    seconds = MILLION * read("assumption function_seconds") * read("assumption function_gb")
    return read("price function_million") + seconds * read("price function_gb_second")


def _on_disk(read: Read) -> Fraction:
    """GB that a TB takes on all disks together."""
    spread = read("assumption shards") / read("assumption data_shards")
    return GB_OF_TB * spread * read("format on_disk")


def _disk(read: Read) -> Fraction:
    return _on_disk(read) * read("price disk_gb") / read("assumption disk_months") / read("assumption utilisation")


def _nodes(read: Read) -> Fraction:
    """Machines that a TB takes."""
    return _on_disk(read) / GB_OF_TB / read("assumption node_tb") / read("assumption utilisation")


def _storing(read: Read) -> Fraction:
    return _nodes(read) * HOURS * read("price machine_hour")


def _dealing(read: Read) -> Fraction:
    """Opening, accepting and proving: a proof is for all that a provider stores."""
    deal = read("measured gas.deal_open") + read("assumption shards") * read("measured gas.deal_batch")
    deals = GB_OF_TB / read("assumption deal_gb") / read("assumption deal_months")
    proofs = _nodes(read) * read("assumption proofs_a_month") * read("measured gas.storage_proof")
    return _gas(read, deal * deals + proofs)


def _work(name: str, amount: int) -> Formula:
    """Processor time of an amount by a rate a processor-second."""
    return lambda read: amount / read(f"measured {name}") * _processor_second(read)


LINES = (
    Line(
        "payment",
        "a payment of {payment} dollars through a channel",
        {GAS: _paying,
         FEE: _share("assumption channel_fee", "payment")},
        "a card that takes {card_share} of the amount",
        _share("price card_share", "payment"),
        "A card fee covers disputes and fraud; a card needs no deposit. Buying coins costs, too; that is not counted."
        " Fifty channels share the call that claims: a receiver of few payers pays more gas.",
    ),
    Line(
        "small-payment",
        "a payment of {small_payment} dollars through a channel",
        {GAS: _paying,
         FEE: _share("assumption channel_fee", "small_payment")},
        "a card that takes {card_small_share} of the amount and {card_small_fixed} dollars",
        _share("price card_small_share", "small_payment", "price card_small_fixed"),
        "Shops sum up small payments, or sell credit in advance: then they pay as in the line above.",
    ),
    Line(
        "answers",
        "a million answers of a small model, with receipts",
        {MACHINE: _answering, GAS: _settling},
        "a function in a cloud",
        _function,
        "A function costs nothing while nobody asks, and its operator runs no machine. Here gas is for one claim over"
        " ten thousand answers of a client; its deposit and a seller's profit are not counted.",
    ),
    Line(
        "answers-own",
        "a million answers of a small model, with receipts",
        {MACHINE: _answering, GAS: _settling},
        "the same server of one's own, without receipts",
        _answering_bare,
        "Receipts, vouchers and settlement are work that a server of one's own does not have. They buy evidence.",
    ),
    Line(
        "tokens",
        "a million tokens of a language model",
        {MACHINE: _work("rate.llm_tokens", MILLION)},
        "a small model of a large provider, by list price",
        lambda read: read("price tokens_million"),
        "The model is SmolLM2-135M, one user at a time: what the list price buys is far larger. Large providers use"
        " accelerators, which do the work cheaper. Gas and receipts are those of the answers above.",
    ),
    Line(
        "storage",
        "a TB stored for a month",
        {DISK: _disk, MACHINE: _storing, GAS: _dealing},
        "an object store, by list price",
        lambda read: GB_OF_TB * read("price storage_gb_month"),
        "Power, room and hands are counted with the machine's hour alone. Coins that lie locked are not counted, and a"
        " deal has to be renewed by somebody. Small deals cost gas that an object store does not ask for. Settling,"
        " sending shards, repair and a seller's profit are not counted.",
    ),
    Line(
        "storing",
        "putting a TB: encrypting, coding and sending",
        {MACHINE: _work("rate.storage_put", GB_OF_TB)},
        "an object store takes data for nothing",
        None,
        "Processor time of client and nodes together; an object store's client encrypts and sends, too. An object store"
        " asks nothing for what comes in.",
    ),
    Line(
        "reading",
        "traffic of a TB that is read",
        {TRAFFIC: lambda read: GB_OF_TB * read("format sent") * read("price traffic_gb")},
        "an object store, by list price",
        lambda read: GB_OF_TB * read("price egress_gb"),
        "Here is what traffic costs a provider, elsewhere what a store asks of a reader. Traffic is cheap where it is"
        " bought by the line: in the same cloud it costs a provider as much as anybody.",
    ),
    Line(
        "records",
        "a record fixed on the chain, ten thousand at once",
        {GAS: _gas_of("anchor_record")},
        "an attestation of EAS, twenty at once, on the same chain",
        _gas_of_peer("anchor_record"),
        "EAS can fix a root of as many records, too (timestamp): that costs as little. An anchor alone does not say who"
        " may speak for what. A public log of signatures (Sigstore's) costs nothing.",
    ),
    Line(
        "record",
        "a record in the registry, by itself",
        {GAS: _gas_of("register")},
        "an attestation of EAS, on the same chain",
        _gas_of_peer("register"),
        "A public log of signatures (Sigstore's) costs nothing: there no chain is asked.",
    ),
    Line(
        "escrow",
        "a grant that vests, created",
        {GAS: _gas_of("escrow_create")},
        "Sablier Lockup, on the same chain",
        _gas_of_peer("escrow_create"),
        "A Lockup is a token that can be sold; a grant of this escrow stays with its account.",
    ),
    Line(
        "milestone",
        "a milestone decided by {release_votes} votes, and released into an escrow",
        {GAS: _deciding},
        "a committee that pays by hand: no list price",
        None,
        "Work of the committee is not counted: reading proposals costs the same on paper.",
    ),
)  # fmt: skip
