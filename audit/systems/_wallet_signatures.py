"""One signature in every form in which wallets send it, and in forms that count nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from audit.systems._signature_forms import FORMS, REFUSED, in_form
from keifu.keys import Account, Domain, StructType

__all__ = ["MOODS", "forms"]

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

# How a contract can be asked (`HostileERC1271`): it says yes, no, reverts, burns its gas, calls back, answers with too
# few bytes, or with more than it should; and whether that counts as its signature.
MOODS = {0: True, 1: False, 2: False, 3: False, 4: False, 5: False, 6: True}


def forms(
    domain: Domain, signer: Account, stranger: Account, struct: StructType, *said: object
) -> Iterator[tuple[bytes, bool]]:
    """(signature, whether it counts) of `said` for `signer`."""
    for digest in (domain.digest(struct, *said), domain.salted_digest(struct, *said)):
        signature = signer.sign(digest)
        r, s, v = signature[:32], signature[32:64], signature[64]
        for form in FORMS:
            yield in_form(r, s, v, form), form not in REFUSED
        high = (ORDER - int.from_bytes(s, "big")).to_bytes(32, "big")
        yield r + high + bytes([55 - v]), False
        for other in (2, 26, 29, 55 - v):
            yield r + s + bytes([other]), False
        yield stranger.sign(digest), False
    yield b"", False
    yield bytes(65), False
    yield bytes(64), False
