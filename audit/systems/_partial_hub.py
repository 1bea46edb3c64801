"""A stand-in for the hub whose slashes pay as little as it was made for: the real one pays what is reserved."""

from __future__ import annotations

from evmstorm.evm import LocalEvm
from keifu.keys import keccak256

__all__ = ["partial_hub"]

LISTED, SLASH = (keccak256(text)[:4] for text in (b"listed(address)", b"slash(address,uint256,uint256)"))
MUCH = 1 << 100  # answer to every other question: locks, epochs
HEAD = bytes.fromhex("5f3560e01c")  # puts the selector on the stack
BRANCH = 10  # bytes of a branch by selector
ANSWER = bytes.fromhex("5f5260605ff3")  # the word on the stack, and two of zeros


def partial_hub(evm: LocalEvm, sender: str, taken: int) -> str:
    """Address of code that lists everybody, and answers a slash by (taken, 0, 0)."""
    otherwise, listed, slash = (b"\x7f" + word.to_bytes(32, "big") + ANSWER for word in (MUCH, 1, taken))
    first = len(HEAD) + 2 * BRANCH + len(otherwise)
    code = HEAD
    for selector, target in ((LISTED, first), (SLASH, first + 1 + len(listed))):
        code += b"\x80\x63" + selector + b"\x14\x60" + bytes([target]) + b"\x57"
    code += otherwise + b"\x5b" + listed + b"\x5b" + slash
    address = evm.raw.deploy(sender, bytes.fromhex(f"60{len(code):02x}600a5f3960{len(code):02x}5ff3") + code, 0)
    assert address is not None, "the stand-in was not deployed"
    return address
