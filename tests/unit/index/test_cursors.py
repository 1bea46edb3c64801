from __future__ import annotations

import random

import pytest

from keifu.errors import InputError
from keifu.index.cursors import Cursor

HASH = "0x" + "ab" * 32
CURSOR = Cursor(2**40, 17, HASH, "a list")


def test_a_cursor_brings_back_where_a_page_ended():
    read = Cursor.read(CURSOR.text(), "a list")
    assert (read.block, read.index, read.is_of(HASH), read.is_of("0x" + "cd" * 32)) == (2**40, 17, True, False)


def test_a_cursor_of_another_list_is_refused():
    with pytest.raises(InputError, match="the cursor is of another list"):
        Cursor.read(CURSOR.text(), "another list")


@pytest.mark.parametrize("text", ["", "x", "!!!!", "AAAA", "A" * 129, "é", CURSOR.text()[:-1], CURSOR.text() + "AA"])
def test_what_is_no_cursor_is_refused(text):
    with pytest.raises(InputError, match=r"that is no cursor|of another list"):
        Cursor.read(text, "a list")


def test_no_noise_does_anything_else():
    draw = random.Random(1)
    for _ in range(300):
        text = "".join(draw.choices("ABCDEFabcdef0123456789-_", k=draw.randrange(40)))
        with pytest.raises(InputError):
            Cursor.read(text, "a list")
