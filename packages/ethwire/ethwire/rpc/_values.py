"""Numbers, bytes and words as nodes give them, checked before they are used."""

from __future__ import annotations

import re
from binascii import unhexlify
from typing import Any

from ethwire.errors import NoAnswer, NotServed

__all__ = ["octets", "quantity", "words"]

MAX_WORDS = 400  # characters of a node's own message that are repeated
_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}")


def quantity(value: Any, what: str, url: str = "") -> int:
    """The number that `value` is in hex. Raises NotServed for null, NoAnswer for anything else."""
    if value is None:
        raise NotServed(f"{what} is null", remedy="the node is behind, or does not have it", url=url)
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise NoAnswer(f"{what} is {words(value)}, which is no number", url=url)
    return int(value, 16)


def octets(value: Any, what: str, url: str = "") -> bytes:
    """The bytes that `value` is in hex. Raises NotServed for null, NoAnswer for anything else."""
    if value is None:
        raise NotServed(f"{what} is null", remedy="the node is behind, or does not have it", url=url)
    try:
        if isinstance(value, str) and value.startswith("0x"):
            return unhexlify(value[2:])
    except ValueError:  # of an odd length, or of other signs: unhexlify takes no spaces
        pass
    raise NoAnswer(f"{what} is {words(value)}, which is no hex", url=url)


def words(value: Any) -> str:
    """What a node said, on one line, printable and not too long: it ends in terminals and logs."""
    text = value if isinstance(value, str) else repr(value)
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in text[: 2 * MAX_WORDS]).split())
    return plain if len(plain) <= MAX_WORDS else plain[: MAX_WORDS - 1] + "…"
