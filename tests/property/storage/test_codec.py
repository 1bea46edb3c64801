"""What goes in comes out, whatever k and m are, whatever the size is, and whichever m shards are lost or damaged."""

from __future__ import annotations

import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keifu.errors import CheckFailed, UsageError
from keifu.spec import storage as spec
from keifu.storage.ciphers import FileKeys
from keifu.storage.codec import Decoder, Encoder, rebuild
from keifu.storage.layout import CHUNK_BYTES, SEGMENT_BYTES, Descriptor
from tests.profiles import DEEP

EXAMPLES = 200 if DEEP else 25
EDGES = [0, 1, 255, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, SEGMENT_BYTES, 2 * CHUNK_BYTES, 3 * CHUNK_BYTES + 1]


class Pipe(io.BytesIO):
    """Gives less than it is asked for."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 0, 100_000))


class Encoded:
    """A file and its shards, some of them not there or damaged."""

    def __init__(self, data: bytes, k: int, m: int, *, masked: bool = True) -> None:
        self.data, self.keys = data, FileKeys.fresh(masked=masked)
        encoder = Encoder(self.keys, k, m)
        self.pieces = {
            (stripe.number, shard): stripe.pieces[shard].tobytes()
            for stripe in encoder.stripes(Pipe(data))
            for shard in range(k + m)
        }
        self.descriptor = Descriptor.from_bytes(encoder.descriptor.to_bytes())
        self.bad: dict[int, str] = {}

    def fetch(self, stripe, shards, count):
        found = {}
        for shard in shards:
            piece, fault = self.pieces[stripe, shard], self.bad.get(shard, "")
            if fault != "missing":
                found[shard] = piece[:-256] if fault == "short" else piece
        return found

    def read(self, start=0, length=None) -> bytes:
        return b"".join(Decoder(self.descriptor, self.keys).read(self.fetch, start, length))


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(1, 6), st.integers(0, 4), st.sampled_from(EDGES), st.booleans(), st.randoms(use_true_random=False))
def test_any_m_shards_may_be_lost(k, m, size, masked, chance):
    file = Encoded(random.Random(size).randbytes(size), k, m, masked=masked)
    for shard in chance.sample(range(k + m), m):
        file.bad[shard] = chance.choice(["missing", "short"])
    assert file.read() == file.data
    start = chance.randrange(size + 1)
    length = chance.randrange(size + 1 - start)
    assert file.read(start, length) == file.data[start : start + length]


@pytest.mark.parametrize(("workers", "held"), [(1, 0), (3, 2), (8, 0)])
def test_threads_and_what_is_held_change_nothing(workers, held):
    """Bytes of a stripe stay as they are while so many more are asked for, and a retry gives the same shards."""
    data = random.Random(1).randbytes(12 * CHUNK_BYTES + 5)
    first = Encoder(FileKeys.fresh(), 2, 1)
    expected = [(stripe.pieces.tobytes(), stripe.roots.tobytes()) for stripe in first.stripes(Pipe(data))]
    again = Encoder(first.keys, 2, 1, header=first.header, workers=workers, held=held)
    recent = []
    for number, stripe in enumerate(again.stripes(Pipe(data))):
        recent = [*recent, (number, stripe)][-held - 1 :]
        for place, kept in recent:
            assert (kept.pieces.tobytes(), kept.roots.tobytes()) == expected[place]
    assert again.descriptor == first.descriptor


def test_a_header_goes_with_its_keys_and_numbers():
    keys = FileKeys.fresh()
    with pytest.raises(UsageError, match=r"the header is of 2 \+ 1 shards"):
        Encoder(keys, 3, 1, header=keys.header(2, 1))
    with pytest.raises(CheckFailed, match="not the keys of this file"):
        Encoder(FileKeys.fresh(), 2, 1, header=keys.header(2, 1))


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(1, 5), st.integers(1, 3), st.sampled_from(EDGES), st.booleans(), st.data())
def test_a_repairer_makes_the_lost_shard_again(k, m, size, masked, draw):
    file = Encoded(random.Random(size).randbytes(size), k, m, masked=masked)
    lost = draw.draw(st.integers(0, k + m - 1))
    helpers = [shard for shard in range(k + m) if shard != lost][:k]
    shard = b""
    for stripe in range(file.descriptor.layout.stripes):
        pieces = {helper: file.pieces[stripe, helper] for helper in helpers}
        shard += rebuild(file.descriptor, file.keys.mask, stripe, pieces, lost)
    assert len(shard) == 256 * file.descriptor.layout.leaves
    if size <= SEGMENT_BYTES:  # the reference is slow
        assert spec.shard_root(shard) == file.descriptor.shards[lost]


def test_one_lost_too_many_is_named():
    file = Encoded(b"some text", 3, 2)
    file.bad = {0: "missing", 2: "short", 4: "missing"}
    with pytest.raises(
        CheckFailed, match="stripe 0 has 2 good segments of the 3 it needs: not those of shards 0, 2, 4"
    ):
        file.read()


def test_a_damaged_segment_is_made_again_from_the_others():
    file = Encoded(bytes(2 * CHUNK_BYTES), 2, 1)
    flipped = bytearray(file.pieces[0, 1])
    flipped[7] ^= 1
    file.pieces[0, 1] = bytes(flipped)
    assert file.read() == file.data
    file.bad[2] = "missing"
    with pytest.raises(CheckFailed, match="stripe 0 has 1 good segments of the 2 it needs: not those of shards 1, 2"):
        file.read()


def test_segments_of_another_file_or_in_another_order_are_refused():
    file, other = Encoded(bytes(2 * CHUNK_BYTES), 2, 0), Encoded(bytes(2 * CHUNK_BYTES), 2, 0)
    swapped = {(0, shard): file.pieces[0, 1 - shard] for shard in (0, 1)}
    for pieces in (other.pieces, swapped):
        file.pieces = pieces
        with pytest.raises(CheckFailed, match=r"stripe 0 .* not those of shards 0 "):
            file.read()


def test_an_unmasked_shard_can_be_made_by_anybody_and_a_masked_one_cannot():
    """A node that stores nothing asks the others: it passes where shards are unmasked, not where they are masked."""
    for masked in (False, True):
        file = Encoded(b"public or private", 3, 2, masked=masked)
        pieces = {shard: file.pieces[0, shard] for shard in (0, 1, 2)}
        made = rebuild(file.descriptor, b"", 0, pieces, 4)
        assert (made == file.pieces[0, 4]) is not masked


def test_bytes_outside_of_the_file_are_refused():
    with pytest.raises(UsageError, match="bytes 1 to 6 are not in the file"):
        Encoded(b"short", 1, 0).read(1, 5)


def test_the_content_root_names_everything():
    file = Encoded(b"text", 2, 1)
    descriptor = file.descriptor
    root = descriptor.content_root
    assert Descriptor(descriptor.header, 5, descriptor.shards).content_root != root
    assert Descriptor(descriptor.header, 4, descriptor.shards[::-1]).content_root != root
    assert Descriptor(file.keys.header(2, 1), 4, descriptor.shards).content_root != root
