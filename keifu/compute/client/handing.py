"""A reply that its payer hands to a watcher, with the payer's word that the watcher may dispute it: as JSON."""

from __future__ import annotations

import binascii
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from keifu.compute.canonical import HASH_BYTES, hashes_of
from keifu.compute.client.kept import KeptReply
from keifu.compute.promises import disputes_domain
from keifu.compute.wire import text_of, unpack
from keifu.errors import InputError
from keifu.inference.disputes import permit
from keifu.keys import Account
from keifu.spec.inference_drawing import Drawing

__all__ = ["Handed", "hand"]

SIGNATURE_BYTES = 65


class _Document(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    receipt: str
    prompt: list[int]
    ids: list[int]
    positions: str
    watcher: str
    deadline: int
    signature: str
    groups: str = ""  # what each of them committed to, where the reply came with it
    seed: str = ""  # of drawn tokens
    scale: Annotated[int, msgspec.Meta(ge=0, lt=1 << 24)] = 0
    vector: bool = False  # of a text: then `ids` are its lanes


@dataclass(frozen=True)
class Handed:
    """A reply, and the permit as the contract takes it: watcher, deadline in unix seconds, signature."""

    reply: KeptReply
    permit: Sequence[Any]

    def encode(self) -> bytes:
        watcher, deadline, signature = self.permit
        reply = self.reply
        return msgspec.json.encode(
            _Document(
                text_of(reply.signed), list(reply.prompt), list(reply.ids),
                b64encode(b"".join(reply.positions)).decode(), watcher, deadline, "0x" + signature.hex(),
                b64encode(reply.groups).decode(), *_drawn(reply.drawing), reply.is_vector,
            )
        )  # fmt: skip

    @classmethod
    def decode(cls, data: bytes) -> Handed:
        """What `encode` wrote. Raises InputError for anything else."""
        try:
            said = msgspec.json.decode(data, type=_Document)
            positions = binascii.a2b_base64(said.positions, strict_mode=True)
            signature = bytes.fromhex(said.signature.removeprefix("0x"))
            groups = binascii.a2b_base64(said.groups, strict_mode=True)
            ids = tuple(said.prompt), tuple(said.ids)
            drawing = Drawing.of(bytes.fromhex(said.seed.removeprefix("0x")), said.scale) if said.seed else None
            if drawing and len(drawing.seed) != HASH_BYTES:
                raise ValueError("its seed has not 32 bytes")
            reply = KeptReply(unpack(said.receipt), *ids, hashes_of(positions), groups, drawing, said.vector)
            receipt, made = reply.signed.receipt, 1 if reply.is_vector else len(reply.ids)
            if (len(reply.prompt), made) != (receipt.input_units, receipt.output_units):
                raise ValueError("it has other numbers of tokens than its receipt")
            if len(positions) != (0 if reply.is_vector else HASH_BYTES * (len(reply.prompt) + made - 1)):
                raise ValueError("it has not one root a position")
            if len(signature) != SIGNATURE_BYTES:
                raise ValueError("its permit has no signature")
            return cls(reply, (said.watcher, said.deadline, signature))
        except (ValueError, RecursionError) as error:
            raise InputError(f"this is no reply for a watcher: {error}", remedy="keifu dispute hand") from error


def _drawn(drawing: Drawing | None) -> tuple[str, int]:
    return ("0x" + drawing.seed.hex(), drawing.scale) if drawing else ("", 0)


def hand(reply: KeptReply, payer: Account, chain_id: int, disputes: str, watcher: str, deadline: int) -> Handed:
    """The payer of the reply's channel lets a watcher dispute its covers until a second."""
    return Handed(reply, permit(disputes_domain(chain_id, disputes), payer, watcher, deadline))
