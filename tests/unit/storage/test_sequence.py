"""A provider's sequence agrees with the published vectors, and what does not open a leaf is refused."""

from __future__ import annotations

import json

import pytest

from keifu.errors import InputError, UsageError
from keifu.spec import storage as spec
from keifu.storage.sequence import (
    EMPTY,
    ProviderSequence,
    draws,
    entry,
    opens,
    repair_draws,
)
from tests.conformance.storage import VECTORS
from tests.unit.storage.test_trees import named

KNOWN = json.loads(VECTORS.read_text(encoding="utf-8"))
SHARDS = [(bytes.fromhex(vector["root"][2:]), vector["leaves"]) for vector in KNOWN["shards"]]


def whole() -> ProviderSequence:
    return ProviderSequence(entry(root, leaves) for root, leaves in SHARDS)


def as_written(peaks: list[bytes]) -> list[str]:
    return ["0x" + node.hex() for node in peaks]


def test_the_published_sequence():
    sequence = whole()
    assert ["0x" + entry(*shard).hex() for shard in SHARDS] == KNOWN["sequence"]["words"]
    assert as_written(sequence.peaks) == KNOWN["sequence"]["peaks"]
    assert sequence.total == KNOWN["sequence"]["total"]
    for ordinal in (2, 9):
        sequence.clear(ordinal)
    assert as_written(sequence.peaks) == KNOWN["sequence"]["cleared"]


def test_the_published_challenge_and_its_proof():
    sequence, known = whole(), KNOWN["challenge"]
    found = draws(bytes.fromhex(known["seed"][2:]), known["epoch"], known["provider"], sequence.total)
    assert found == known["draws"]
    for leaf, proof in zip(found, known["proof"], strict=True):
        place = sequence.locate(leaf)
        vector = KNOWN["shards"][place.ordinal]
        data = named(vector["name"], place.leaves * 256)
        path = spec.path(spec.leaves_of(data), place.index)
        words = sequence.proof(leaf, path)
        assert ["0x" + node.hex() for node in words] == proof
        opened = data[place.index * 256 : place.index * 256 + 256]
        assert opens(len(sequence), sequence.peaks, leaf, opened, words)
        assert not opens(len(sequence), sequence.peaks, leaf + 1, opened, words), "another leaf"
        assert not opens(len(sequence), sequence.peaks, leaf, bytes(256), words), "other data"
        assert not opens(len(sequence), sequence.peaks, leaf, opened[:-1], words), "a part of the data"
        assert not opens(len(sequence), sequence.peaks, leaf, opened, words[:-1]), "a short path"
        assert not opens(len(sequence), sequence.peaks, leaf, opened, [*words, EMPTY]), "a long path"
        assert not opens(len(sequence), sequence.peaks, leaf, opened, []), "no words"
        assert not opens(place.ordinal, whole().peaks, leaf, opened, words), "beyond the sequence"


def test_the_published_draws_of_a_repair():
    known, deal = KNOWN["repair"], bytes.fromhex(KNOWN["deal"]["root"][2:])
    seed = bytes.fromhex(KNOWN["challenge"]["seed"][2:])
    assert repair_draws(seed, deal, known["index"], known["repairer"], 1000) == known["draws"]


def test_what_is_kept_on_a_disk_gives_the_same_sequence():
    sequence = whole()
    sequence.clear(3)
    again = ProviderSequence.from_bytes(sequence.to_bytes())
    assert (again.root, again.total) == (sequence.root, sequence.total)
    with pytest.raises(InputError, match="33 bytes are no whole number of entries"):
        ProviderSequence.from_bytes(bytes(33))


def test_places_that_there_are_not_are_refused():
    sequence = whole()
    with pytest.raises(UsageError, match="no shard 12 in a sequence of 12"):
        sequence.clear(12)
    with pytest.raises(UsageError, match="no shard -1"):
        sequence.path(-1)
    with pytest.raises(UsageError, match="the sequence ends 0 leaves before this one"):
        sequence.locate(sequence.total)
