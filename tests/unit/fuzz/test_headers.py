"""Headers that code under test can be shown, and the one instruction that is changed for it."""

from __future__ import annotations

from audit.systems import _headers
from evmstorm.evm import LocalEvm, artifacts
from keifu.keys import keccak256


def test_one_instruction_changes() -> None:
    artifact = artifacts.load("Randomness")
    changed = _headers.hashed_by_balance(artifact)
    differing = [pair for pair in zip(artifact.creation_code, changed, strict=True) if pair[0] != pair[1]]
    assert differing == [(_headers.BLOCKHASH, _headers.BALANCE)]


def test_code_that_asks_for_no_hash_stays() -> None:
    artifact = artifacts.load("CommitRevealRandomness")
    assert _headers.hashed_by_balance(artifact) == artifact.creation_code


def test_the_balance_of_a_number_is_the_hash_of_its_header() -> None:
    evm = LocalEvm()
    _headers.publish(evm, range(300, 302))
    assert evm.balance(f"0x{301:040x}") == int.from_bytes(keccak256(_headers.header_of(301)), "big")
    assert evm.balance(f"0x{302:040x}") == 0


def test_headers_are_of_every_length_and_differ() -> None:
    headers = [_headers.header_of(number) for number in range(300, 312)]
    assert len(set(headers)) == len(headers)
    assert len({len(header) for header in headers}) > 5
