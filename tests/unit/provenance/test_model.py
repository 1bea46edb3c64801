"""Records refuse what the registry would refuse, before anything is sent, each with one clear error."""

from __future__ import annotations

import pytest

from keifu.errors import InputError
from keifu.provenance import Kind, Link, Record

AUTHOR = "0x" + "ab" * 20
DIGEST = b"\x01" * 32


def test_words_and_hex_are_read():
    record = Record(AUTHOR, "label-set", DIGEST.hex(), links=(Link("labelled-by", "0x" + "02" * 32),))
    assert (record.kind, record.digest) == (Kind.LABEL_SET, DIGEST)
    assert Record.from_json(record.to_json()) == record
    assert Record.from_args(record.args) == record


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"digest": b"\x01" * 20}, "digest has 20 bytes, not 32"),
        ({"digest": "0x1234"}, "digest has 2 bytes, not 32"),
        ({"digest": "zz" * 32}, "digest is not hexadecimal"),
        ({"digest": bytes(32)}, "the digest is empty"),
        ({"manifest": b""}, "manifest has 0 bytes"),
        ({"kind": "painting"}, "unknown kind of record 'painting'"),
        ({"kind": 11}, "unknown kind of record 11"),
        ({"author": "0x12"}, "is not an address"),
        ({"uri": "x" * 129}, "uri takes 129 bytes, at most 128 fit"),
        ({"version": "ü" * 17}, "version takes 34 bytes, at most 32 fit"),
        ({"links": (Link(1, DIGEST),) * 17}, "17 links, at most 16 fit"),
    ],
)
def test_one_clear_error_each(fields, message):
    with pytest.raises(InputError, match=message):
        Record(**{"author": AUTHOR, "kind": 1, "digest": DIGEST} | fields)


@pytest.mark.parametrize("relation", [0, 8, "made-of"])
def test_unknown_relation(relation):
    with pytest.raises(InputError, match=r"unknown relation .* \(one of derived-from, trained-on"):
        Link(relation, DIGEST)


def test_garbled_json():
    with pytest.raises(InputError, match="lacks or garbles 'kind'"):
        Record.from_json({"author": AUTHOR})
