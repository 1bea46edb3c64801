"""Strangers that a watcher asks: slow, huge, malformed, gone, or leading into the watcher's own network."""

from __future__ import annotations

import time

import pytest

from keifu.keys import Account
from keifu.node.watcher.peers import LARGEST_ANSWER, MAX_LINES, PAGE, Peers, read_lines
from keifu.provenance import Heartbeat, environments_domain, heartbeat_digest
from keifu.provenance.heartbeats import line_of
from tests.strangers import no_answers, strangers

PATIENCE, IMPATIENCE = 600.0, 0.2  # only what waits for ever is waited for with impatience
NODE = Account.from_role("node")
SAID = Heartbeat(NODE.address.lower(), b"\x01" * 32, 1, b"\x02" * 32, 1_700_000_000)
LINE = line_of(SAID, NODE.sign(heartbeat_digest(environments_domain(1, "0x" + "11" * 20), SAID))).encode()


@pytest.fixture
def stranger(background):
    with strangers(background) as made:
        yield made


def ask(background, refused, url, *, private=True, patience=PATIENCE):
    """The one answer of one stranger."""
    peers = Peers(
        background,
        PAGE,
        read_lines,
        patience=patience,
        private=private,
        refused=lambda reason: refused.update([reason]),
    )
    try:
        peers.ask("0xa", url)
        peers.ask("0xa", url)  # not asked twice at once
        while not (found := peers.answers()):
            time.sleep(0.005)
        assert not peers.waits
        return found
    finally:
        peers.close()


def test_a_good_answer(background, refused, stranger):
    stranger.says(LINE)
    [answer] = ask(background, refused, stranger.url + "/")
    assert (answer.operator, answer.fault, [said for said, _ in answer.said]) == ("0xa", "", [SAID])
    assert refused == {}


@pytest.mark.parametrize(("answer", "stays", "reason"), no_answers(LARGEST_ANSWER))
def test_what_is_refused_is_counted(background, refused, stranger, answer, stays, reason):
    stranger.answer, stranger.stays = answer, stays
    [found] = ask(background, refused, stranger.url, patience=IMPATIENCE if stays else PATIENCE)
    assert (found.said, found.fault) == ((), reason)
    assert refused == {reason: 1}


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:1", "private address"),
        ("http://[::1]:1", "private address"),
        ("http://10.0.0.1", "private address"),
        ("file:///etc/passwd", "no address"),
        ("http://", "no address"),
        ("not an address", "no address"),
    ],
)
def test_an_operator_does_not_choose_an_address_inside_the_network(background, refused, url, reason):
    [found] = ask(background, refused, url, private=False)
    assert found.fault == reason


def test_nobody_listens(background, refused):
    [found] = ask(background, refused, "http://127.0.0.1:9")
    assert found.fault == "not reached"


def test_one_bad_line_spoils_none_of_the_others():
    said, fault = read_lines(LINE + b"\nnonsense\n" + LINE + b"\n" + LINE.replace(b'"seq": 1', b'"seq": -1'))
    assert (len(said), fault) == (2, "malformed")
    said, fault = read_lines(b"\n".join([LINE] * (MAX_LINES + 1)))
    assert (len(said), fault) == (MAX_LINES, "huge")
