"""Somebody without gas registers: signs, hands the signature on, and is the author."""

from __future__ import annotations

import pytest

from keifu.errors import Revert
from keifu.keys import Account
from keifu.provenance import Kind, Record, Status


def test_the_signer_is_the_author(source, anvil):
    author, relayer = Account.from_role("author without gas"), anvil.account("relayer")
    record = Record(author.address, Kind.DATASET, b"\x31" * 32)
    deadline, signature = source.sign_registration(record, author)
    record_id = source.register_for(record, deadline, signature, relayer)
    entry = source.entry(record_id)
    assert (entry.record, entry.status) == (record, Status.ACTIVE)


def test_nobody_signs_for_another(source, anvil):
    author, relayer = Account.from_role("another author without gas"), anvil.account("relayer")
    record = Record(author.address, Kind.DATASET, b"\x32" * 32)
    deadline, signature = source.sign_registration(record, relayer)
    with pytest.raises(Revert, match="registry: invalid signature"):
        source.register_for(record, deadline, signature, relayer)
    assert source.entry(source.domain.record_id(record)) is None
