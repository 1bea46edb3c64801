"""A stand-in for the hub whose slashes pay as little as it was made for: the real one pays what is reserved."""

from __future__ import annotations

from evmstorm.evm import LocalEvm
from keifu.keys import keccak256

__all__ = ["partial_hub"]

CALLS = (b"listed(address)", b"slash(address,uint256,uint256)", b"collect(address,uint256)")
LISTED, SLASH, COLLECT = (keccak256(text)[:4] for text in CALLS)
MUCH = 1 << 100  # answer to every other question: locks, epochs
HEAD = bytes.fromhex("5f3560e01c")  # puts the selector on the stack
BRANCH = 10  # bytes of a branch by selector
ANSWER = bytes.fromhex("5f5260605ff3")  # the word on the stack, and two of zeros


def partial_hub(evm: LocalEvm, sender: str, taken: int, *, collected: int = MUCH) -> str:
    """Address of code that lists everybody, answers a slash by (taken, 0, 0), and says that so much was collected."""
    otherwise, listed, slash, collect = (
        b"\x7f" + word.to_bytes(32, "big") + ANSWER for word in (MUCH, 1, taken, collected)
    )
    answers = {LISTED: listed, SLASH: slash, COLLECT: collect}
    code, at = HEAD, len(HEAD) + len(answers) * BRANCH + len(otherwise)
    for selector, answer in answers.items():
        code += b"\x80\x63" + selector + b"\x14\x60" + bytes([at]) + b"\x57"
        at += 1 + len(answer)
    code += otherwise + b"".join(b"\x5b" + answer for answer in answers.values())
    address = evm.raw.deploy(sender, bytes.fromhex(f"60{len(code):02x}600a5f3960{len(code):02x}5ff3") + code, 0)
    assert address is not None, "the stand-in was not deployed"
    return address
