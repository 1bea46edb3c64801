"""What each group committed to, as a client asks for it, compares it and keeps it."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

import pytest

from keifu.compute.canonical import tokens_root, trace_of
from keifu.compute.client.checks import JUDGED_POSITIONS, ReplyRefused
from keifu.compute.client.sources import Pinned, Promoted
from keifu.compute.receipt import Evidence
from keifu.spec.inference_trees import tree
from tests.unit.compute.client.provider import DIGEST, KNOWN, NOW, PATH, QUESTION, WHO, FakeProvider

PROMPT, REPLY, EACH = [5, 6, 7, 8], [1, 2], 3  # groups at a position
COUNT = len(PROMPT) + len(REPLY) - 1
GROUPS = [bytes([place + 1]) * 32 for place in range(EACH * COUNT)]
POSITIONS = [tree(GROUPS[at : at + EACH]) for at in range(0, len(GROUPS), EACH)]
ROOTS = {"input_root": tokens_root(PROMPT), "output_root": tokens_root(REPLY), "trace_root": trace_of(POSITIONS)}
MISSING = "groups: they did not come, and its provider says that it gives them"


class Promising(Pinned):
    """The operator answers with coins for each token, from a second on."""

    since = NOW

    def promoted(self, environment, seq):
        return Promoted(DIGEST, NOW - 5_000, program=DIGEST)

    def has_promised(self, operator, channel, time):
        return time >= self.since


def giving(groups=GROUPS, *, says=True, evidence=Evidence.PROVED):
    """A provider that says of what it makes roots; or is of before there was any of this."""
    named = {"positions": b"".join(POSITIONS)} | ({"groups": b"".join(groups)} if groups else {})
    document = {
        "prompt_token_ids": PROMPT,
        "choices": [{"token_ids": REPLY}],
        "keifu": {name: b64encode(data).decode() for name, data in named.items()},
    }
    provider = FakeProvider(document=document, gives_groups=says)
    provider.lie = lambda receipt: replace(receipt, evidence=evidence, **ROOTS)
    return provider


@pytest.fixture
def client_of(asking):
    def make(provider, **words):
        client = asking(provider, **words)
        client.sources = Promising(KNOWN)
        return client

    return make


def asked(client):
    answer = client.ask(WHO, PATH, QUESTION)
    return answer, list(client.store.replies())[-1]


def test_they_are_asked_for_compared_and_kept(client_of):
    provider = giving()
    answer, kept = asked(client_of(provider))
    assert provider.wishes == [True]
    assert answer.evidence == Evidence.PROVED
    said = [item for item in answer.findings if item.check == "groups"]
    assert [item.detail for item in said] == ["what each committed to at 5 positions makes their roots"]
    assert (kept.positions, kept.groups) == (tuple(POSITIONS), b"".join(GROUPS))


def test_a_node_of_before_is_not_asked_and_its_replies_are_kept_without(client_of):
    provider = giving((), says=False)
    answer, kept = asked(client_of(provider))
    assert provider.wishes == [False]
    assert answer.evidence == Evidence.PROVED
    assert (kept.positions, kept.groups) == (tuple(POSITIONS), b"")


def test_without_a_promise_nobody_asks_for_them(client_of):
    provider = giving(())
    client = client_of(provider)
    client.sources.since = NOW + 3_600
    asked(client)
    assert provider.wishes == [False]


def test_a_cover_that_begins_with_the_answer_s_second_counts(client_of):
    provider = giving()
    client = client_of(provider)
    client.sources.since = NOW + 2
    asked(client)
    assert provider.wishes == [True]


def refusal_of(client):
    with pytest.raises(ReplyRefused) as raised:
        client.ask(WHO, PATH, QUESTION)
    assert [request.state for request in client.store.requests()] == ["refused"]
    assert list(client.store.replies()) == []
    return str(raised.value)


def test_what_was_said_to_be_given_and_does_not_come_is_refused(client_of):
    assert MISSING in refusal_of(client_of(giving(())))


@pytest.mark.parametrize("at", range(EACH * COUNT))
def test_each_group_that_is_another_is_refused(client_of, at):
    groups = [*GROUPS]
    groups[at] = bytes(32)
    said = refusal_of(client_of(giving(groups)))
    assert f"groups: the root of position {at // EACH} is not made of those that came" in said


@pytest.mark.parametrize("groups", [GROUPS[:-1], GROUPS[:-EACH], [*GROUPS, b"\x00"], [bytes(32)] * 129 * COUNT])
def test_groups_of_another_length_are_refused(client_of, groups):
    assert "is not made of those that came" in refusal_of(client_of(giving(groups)))


def test_what_cannot_be_disputed_needs_none(client_of, monkeypatch):
    provider = giving((), evidence=Evidence.UNVERIFIED)
    client_of(provider).ask(WHO, PATH, QUESTION)
    assert provider.wishes == [True]
    monkeypatch.setattr("keifu.compute.client.checks.JUDGED_POSITIONS", COUNT - 1)
    assert COUNT < JUDGED_POSITIONS
    answer = client_of(giving(()), folder="another client").ask(WHO, PATH, QUESTION)
    assert answer.evidence == Evidence.UNVERIFIED
