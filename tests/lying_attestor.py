"""The command line with one fault: whatever is encrypted anew, another key is sealed to the buyer. Attestors that run
it agree with each other, and sign."""

from __future__ import annotations

import keifu.inft.renewing as renewing_of
from keifu.cli import main
from keifu.inft.seals import seal
from keifu.keys import Account, keccak256

__all__: list[str] = []


def seal_another(key: bytes, public_key: bytes, data_hash: bytes, sealer: Account | None = None) -> bytes:
    return seal(keccak256(key), public_key, data_hash, sealer)


if __name__ == "__main__":
    renewing_of.seal = seal_another
    main()
