"""What of a receipt travels beside an answer, and nothing else: its fields, its way to the root, one signature.

    Keifu-Receipt: <text>              the header of a whole answer
    : keifu-receipt <text>             the comment that ends a stream of events, after `data: [DONE]`

The text is base64url without padding over msgpack: an array of the receipt's fields in their order (a list of 16), of
the proof (a list of hashes) and of the signature. Hashes are 32 bytes. `fee` and `charged`, which pass what msgpack's
numbers hold, are 16 bytes, the highest first. Hashes of request and response are over the bytes of the two bodies; of
a stream, over all that comes before the comment.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated

import msgspec

from keifu.compute.receipt import LARGEST_BATCH, SIGNATURE_BYTES, Evidence, Receipt, SignedReceipt
from keifu.errors import InputError

__all__ = [
    "AMOUNT_BYTES",
    "GROUPS_HEADER",
    "LARGEST_TEXT",
    "RECEIPT_HEADER",
    "comment_of",
    "from_base64",
    "pack",
    "split_stream",
    "text_of",
    "unpack",
]

RECEIPT_HEADER = "Keifu-Receipt"
# Of a 402: that replies which can be disputed say on a wish what each group committed to. Of a request: that wish.
GROUPS_HEADER = "Keifu-Groups"
LARGEST_TEXT = 2_048  # characters: the longest that is possible has 1,022
AMOUNT_BYTES = 16
COMMENT = re.compile(rb": keifu-receipt ([A-Za-z0-9_-]{1,2048})\n\n\Z")
LONGEST_COMMENT = len(b": keifu-receipt \n\n") + LARGEST_TEXT

_Hash = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
_Amount = Annotated[bytes, msgspec.Meta(min_length=AMOUNT_BYTES, max_length=AMOUNT_BYTES)]
_Number = Annotated[int, msgspec.Meta(ge=0)]
_Proof = Annotated[list[_Hash], msgspec.Meta(max_length=(LARGEST_BATCH - 1).bit_length())]


class _Fields(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    channel_id: _Hash
    number: _Number
    environment: _Hash
    promotion_seq: _Number
    digest: _Hash
    request_hash: _Hash
    response_hash: _Hash
    input_root: _Hash
    output_root: _Hash
    trace_root: _Hash
    input_units: _Number
    output_units: _Number
    fee: _Amount
    charged: _Amount
    evidence: Annotated[int, msgspec.Meta(ge=int(min(Evidence)), le=int(max(Evidence)))]
    time: _Number


class _Signed(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    fields: _Fields
    proof: _Proof
    signature: Annotated[bytes, msgspec.Meta(min_length=SIGNATURE_BYTES, max_length=SIGNATURE_BYTES)]


_ENCODER, _DECODER = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(_Signed)


def text_of(signed: SignedReceipt) -> str:
    """What the header carries."""
    item = signed.receipt
    fields = (
        item.channel_id,
        item.number,
        item.environment,
        item.promotion_seq,
        item.digest,
        item.request_hash,
        item.response_hash,
        item.input_root,
        item.output_root,
        item.trace_root,
        item.input_units,
        item.output_units,
        item.fee.to_bytes(AMOUNT_BYTES, "big"),
        item.charged.to_bytes(AMOUNT_BYTES, "big"),
        int(item.evidence),
        item.time,
    )
    return pack(fields, signed.proof, signed.signature).decode()


def pack(fields: tuple[bytes | int, ...], proof: tuple[bytes, ...] | list[bytes], signature: bytes) -> bytes:
    """The text of fields that are as they travel."""
    return urlsafe_b64encode(_ENCODER.encode((fields, proof, signature))).rstrip(b"=")


def unpack(text: str) -> SignedReceipt:
    """What `text_of` wrote. Raises InputError for anything else: whose key signed, and what, is another question."""
    if len(text) > LARGEST_TEXT:
        raise InputError(f"a receipt of {len(text):,} characters", remedy=f"none has more than {LARGEST_TEXT:,}")
    try:
        found = _DECODER.decode(from_base64(text))
    except (ValueError, RecursionError) as error:  # what msgspec raises is among them
        raise InputError(f"this is no receipt: {error}", remedy="the provider must send what it signed") from error
    values = {name: getattr(found.fields, name) for name in found.fields.__struct_fields__}
    for name in ("fee", "charged"):
        values[name] = int.from_bytes(values[name], "big")
    values["evidence"] = Evidence(values["evidence"])
    return SignedReceipt(Receipt(**values), tuple(found.proof), found.signature)


def comment_of(text: str) -> bytes:
    """The last bytes of a stream."""
    return f": keifu-receipt {text}\n\n".encode()


def split_stream(body: bytes) -> tuple[bytes, str]:
    """The bytes that a stream's receipt speaks of, and its text. Raises InputError when no receipt ends the stream."""
    found = COMMENT.search(body, max(0, len(body) - LONGEST_COMMENT))
    if found is None:
        raise InputError("the stream ends without a receipt", remedy="it was cut off, or its provider gives none")
    return body[: found.start()], found[1].decode()


def from_base64(text: str) -> bytes:
    """Strictly: one text for one receipt."""
    raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if urlsafe_b64encode(raw).rstrip(b"=") != text.encode("ascii"):
        raise ValueError("not base64url without padding")
    return raw
