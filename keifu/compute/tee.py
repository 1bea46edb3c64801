"""The word of a trusted execution environment (TEE) about one answer, as the servers that run in one give it.

Such a server answers `GET /v1/signature/ID` with a text and a signature of it (EIP-191) by a key that was made in the
TEE. The text ends with two SHA-256 in hex: of the request's body and of the answer's, of a stream of all its events.
Whether the key is a TEE's is what the vendor's own report says. Clients look that up, and name the keys they trust.

    Keifu-TEE: <text>              the header of a whole answer
    : keifu-tee <text>             the comment behind a stream's `data: [DONE]`, before its receipt

The text is base64url without padding over a JSON array of the signed text and the signature in hex.
"""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass

import msgspec

from keifu.compute.wire import from_base64
from keifu.errors import InputError
from keifu.keys import message_digest, recover

__all__ = ["TEE_HEADER", "TeeWord", "split_word"]

TEE_HEADER = "Keifu-TEE"
LONGEST = 1_024  # characters of a signed text: two hashes, and a model's name before them
COMMENT = re.compile(rb": keifu-tee ([A-Za-z0-9_-]{1,4096})\n\n\Z")
LONGEST_COMMENT = len(b": keifu-tee \n\n") + 4_096
_SIGNATURE = re.compile(r"(0x)?[0-9a-fA-F]{130}\Z")


class _Said(msgspec.Struct):
    text: str
    signature: str


@dataclass(frozen=True)
class TeeWord:
    """A signed text."""

    text: str
    signature: bytes

    @classmethod
    def said(cls, document: bytes) -> TeeWord:
        """What a server answers. Raises InputError when it is something else."""
        try:
            found = msgspec.json.decode(document, type=_Said)
        except (ValueError, RecursionError) as error:
            raise InputError(
                f"this is no word of a TEE: {error}", remedy="ask a server that signs its answers"
            ) from error
        return cls._made(found.text, found.signature)

    @classmethod
    def read(cls, header: str) -> TeeWord:
        """What `header` wrote. Raises InputError."""
        try:
            text, signature = msgspec.json.decode(from_base64(header), type=tuple[str, str])
        except (ValueError, RecursionError) as error:
            raise InputError(
                f"this is no word of a TEE: {error}", remedy="the provider must hand it on as it is"
            ) from error
        return cls._made(text, signature)

    @classmethod
    def _made(cls, text: str, signature: str) -> TeeWord:
        if len(text) > LONGEST or not _SIGNATURE.match(signature):
            raise InputError("this is no word of a TEE", remedy="a text with two hashes, and a signature of 65 bytes")
        return cls(text, bytes.fromhex(signature.removeprefix("0x")))

    def header(self) -> str:
        document = msgspec.json.encode((self.text, self.signature.hex()))
        return urlsafe_b64encode(document).rstrip(b"=").decode()

    def comment(self) -> bytes:
        return f": keifu-tee {self.header()}\n\n".encode()

    def is_about(self, request: bytes, response: bytes) -> bool:
        """Whether the text ends with the hashes of these bodies."""
        own = [hashlib.sha256(body).hexdigest() for body in (request, response)]
        return self.text.lower().split(":")[-2:] == own

    def signer(self) -> str:
        """The key's address. Raises ValueError for a signature of nobody."""
        return recover(message_digest(self.text.encode()), self.signature)


def split_word(body: bytes) -> tuple[bytes, str]:
    """The events of a stream, and the word behind them; empty for none."""
    found = COMMENT.search(body, max(0, len(body) - LONGEST_COMMENT))
    return (body[: found.start()], found[1].decode()) if found else (body, "")
