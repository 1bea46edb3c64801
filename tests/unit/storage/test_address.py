"""A file's address in one line: what it says comes back, and nothing else is taken for one."""

from __future__ import annotations

import base64

import pytest

from keifu.errors import InputError
from keifu.storage.ciphers import FileKeys
from keifu.storage.client.address import FileAddress
from keifu.storage.layout import Header

DEAL = bytes(range(32))
KEYS = FileKeys(bytes([7]) * 32)
URI_BYTES = 128  # of a record


def address(*, public: bool = False, masked: bool = True) -> FileAddress:
    keys = KEYS if public else FileKeys(KEYS.key, bytes([8]) * 32 if masked else b"")
    made = keys.header(10, 4)
    header = Header(10, 4, made.masked, bytes(range(7)), made.commitment)
    return FileAddress(DEAL, header, 2**40 + 1, 77, KEYS.key if public else b"")


@pytest.mark.parametrize("given", [address(), address(masked=False), address(public=True)])
def test_what_an_address_says_comes_back(given):
    text = str(given)
    assert FileAddress.parse(text) == given
    assert len(text) <= URI_BYTES


def test_the_address_of_public_data_has_its_keys_and_that_of_private_data_has_none():
    assert address(public=True).keys == KEYS
    assert address().keys is None


def spoilt(at: int, value: int) -> str:
    data = bytearray(base64.urlsafe_b64decode(str(address()).removeprefix("keifu:") + "="))
    data[at] = value
    return "keifu:" + base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it does not begin with keifu:"),
        ("https://example", "it does not begin with keifu:"),
        ("keifu:AAAA", "it has 3 bytes, not 86"),
        ("keifu:../../etc/passwd", "Only base64 data is allowed"),
        (str(address()) + "=", "it is not written as addresses are"),
        (str(address())[:-1] + "é", "'ascii' codec can't encode"),
        (spoilt(32, 4), "it contradicts itself"),
        (spoilt(32, 3), "it contradicts itself"),
        (spoilt(33, 0), "it contradicts itself"),
    ],
)
def test_anything_else_is_refused(text, why):
    with pytest.raises(InputError, match=why):
        FileAddress.parse(text)
