"""A provider's signed word that a shard is deleted: it names chain, market, provider, deal, place and root."""

from __future__ import annotations

import pytest

from keifu.errors import CheckFailed
from keifu.keys import Account, message_digest
from keifu.storage.deletions import deletion_text, require_deletion
from keifu.storage.provider.messages import ShardId

PROVIDER, STRANGER = Account.from_role("provider"), Account.from_role("stranger")
MARKET, SHARD, ROOT = "0x" + "ab" * 20, ShardId(bytes([1]) * 32, 3), bytes([2]) * 32


def said(signer: Account = PROVIDER, **changed):
    given = {"chain": 1, "market": MARKET, "provider": PROVIDER.address, "shard": SHARD, "root": ROOT, "at": 9}
    text = deletion_text(**{**given, **changed})
    return {"text": text.decode(), "signature": "0x" + signer.sign(message_digest(text)).hex()}


def require(word) -> None:
    require_deletion(word, 1, MARKET, PROVIDER.address, SHARD, ROOT)


def test_a_signed_word_is_taken():
    require(said())


@pytest.mark.parametrize(
    "word",
    [
        said(STRANGER),
        said(chain=2),
        said(market="0x" + "cd" * 20),
        said(shard=ShardId(SHARD.deal, 4)),
        said(root=bytes(32)),
        said() | {"text": said(at=10)["text"]},
        said() | {"text": said()["text"] + "more"},
    ],
)
def test_another_word_is_refused(word):
    with pytest.raises(CheckFailed, match="has not signed that shard 3 is deleted"):
        require(word)


@pytest.mark.parametrize(
    "word", [{}, {"text": 1, "signature": "0x"}, {"text": "", "signature": "0x"}, said() | {"signature": "0xzz"}]
)
def test_what_cannot_be_read_is_refused(word):
    with pytest.raises(CheckFailed):
        require(word)
