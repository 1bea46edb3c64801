"""Segments open as what they were encrypted as, and as nothing else; no key is shown."""

from __future__ import annotations

import numpy as np
import pytest

from keifu.errors import CheckFailed
from keifu.storage.ciphers import FileKeys, Masks, Segments
from keifu.storage.layout import CHUNK_BYTES, SEGMENT_BYTES, TAG_BYTES

KEYS = FileKeys(b"k" * 32, b"m" * 32)
HEADER = KEYS.header(4, 2)
SEGMENTS = Segments(KEYS, HEADER)


def encrypted(text: bytes) -> bytes:
    """As the first of several segments."""
    place = np.empty(len(text) + TAG_BYTES, np.uint8)
    SEGMENTS.encrypt(text, 0, place, last=False)
    return place.tobytes()


def test_ciphertext_and_tag_fill_a_segment():
    assert len(encrypted(bytes(CHUNK_BYTES))) == SEGMENT_BYTES


@pytest.mark.parametrize(
    ("number", "last", "segments"),
    [(1, False, SEGMENTS), (0, True, SEGMENTS), (0, False, Segments(KEYS, KEYS.header(4, 2)))],
    ids=["swapped", "cut off", "of another file"],
)
def test_a_segment_in_another_place_does_not_open(number, last, segments):
    sealed = encrypted(b"text")
    assert SEGMENTS.decrypt(sealed, 0, last=False) == b"text"
    with pytest.raises(CheckFailed, match=f"segment {number} is damaged, or not of this file"):
        segments.decrypt(sealed, number, last=last)


def test_keys_of_another_file_are_refused():
    with pytest.raises(CheckFailed, match="not the keys of this file"):
        FileKeys(b"k" * 32).require(HEADER)


def test_a_mask_begins_anywhere():
    masks = Masks(KEYS.mask, HEADER)
    whole, part = np.zeros(4096, np.uint8), np.zeros(256, np.uint8)
    masks.apply(whole, 3, 0)
    masks.apply(part, 3, 512)
    assert (whole[512:768] == part).all()
    other = np.zeros(256, np.uint8)
    masks.apply(other, 2, 512)
    assert (other != part).any()


def test_keys_are_not_printed():
    assert "k" * 8 not in repr(KEYS)
    assert repr(FileKeys(b"x" * 32)) == "FileKeys()"
