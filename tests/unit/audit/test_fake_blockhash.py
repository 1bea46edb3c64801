"""Headers that code under test can be shown, and the one instruction that is changed for it."""

from __future__ import annotations

from audit.systems import _fake_blockhash
from evmstorm.evm import LocalEvm, artifacts
from keifu.keys import keccak256


def test_one_instruction_changes() -> None:
    artifact = artifacts.load("Randomness")
    changed = _fake_blockhash.hashed_by_balance(artifact)
    differing = [pair for pair in zip(artifact.creation_code, changed, strict=True) if pair[0] != pair[1]]
    assert differing == [(_fake_blockhash.BLOCKHASH, _fake_blockhash.BALANCE)]


def test_code_that_asks_for_no_hash_stays() -> None:
    artifact = artifacts.load("CommitRevealRandomness")
    assert _fake_blockhash.hashed_by_balance(artifact) == artifact.creation_code


def test_the_balance_of_a_number_is_the_hash_of_its_header() -> None:
    evm = LocalEvm()
    _fake_blockhash.publish(evm, range(300, 302))
    assert evm.balance(f"0x{301:040x}") == int.from_bytes(keccak256(_fake_blockhash.header_of(301)), "big")
    assert evm.balance(f"0x{302:040x}") == 0


def test_headers_are_of_every_length_and_differ() -> None:
    headers = [_fake_blockhash.header_of(number) for number in range(300, 312)]
    assert len(set(headers)) == len(headers)
    assert len({len(header) for header in headers}) > 5
