"""A host answers whoever may ask, once for each recorded use (MND-2)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

from keifu.agent import hosting
from keifu.agent.data import Agent
from keifu.agent.faults import AgentFault
from keifu.agent.hosting import Host
from keifu.errors import InputError, UsageError

OWNER, FRIEND, TENANT = ("0x" + text * 20 for text in ("aa", "bb", "cc"))


class Echo:
    def answer(self, prompt, memory, question):
        if question == "broken":
            raise UsageError("that is no question")
        return f"{question}, with {len(memory)} remembered"


@dataclass
class Token:
    owner: str = OWNER
    users: list = field(default_factory=lambda: [FRIEND])
    lease: tuple = (0, 0, 0, 0)

    def lease_of(self, number, user):
        return self.lease if user == TENANT else (0, 0, 0, 0)


@pytest.fixture
def token(monkeypatch):
    made = Token()
    monkeypatch.setattr(hosting, "read_token", lambda nft, number: nft)
    return made


@pytest.fixture
def ask(token, tmp_path):
    """Asks a host that has just started."""
    agent = Agent("", Echo(), tmp_path)

    def ask(user, question="hello", now=10):
        return Host(agent, token, 7, tmp_path / "answered.json").ask(user, question, now)

    ask.agent = agent
    return ask


def code(ask, *args, **more):
    with pytest.raises(AgentFault) as fault:
        ask(*args, **more)
    return fault.value.code


def test_owner_and_friends_ask_for_nothing_and_nobody_else(ask):
    assert ask(OWNER) == ask(FRIEND.upper().replace("0X", "0x")) == "hello, with 0 remembered"
    assert code(ask, TENANT) == "not_allowed"
    assert ask.agent.memory == []


def test_each_recorded_use_is_good_for_one_answer(ask, token):
    token.lease = (100, 2, 0, 1)
    assert code(ask, TENANT) == "no_use"
    token.lease = (100, 2, 1, 1)
    assert ask(TENANT)
    assert code(ask, TENANT) == "no_use"
    token.lease = (100, 2, 2, 1)
    assert ask(TENANT)
    assert code(ask, TENANT) == "no_use"
    assert code(ask, TENANT, now=100) == "lease_over"
    token.lease = (200, 2, 1, 1)  # the next one begins anew
    assert ask(TENANT)


def test_leases_that_are_over_do_not_fill_the_file(ask, token, tmp_path):
    """A host that answers for years starts again."""
    counts = {f"{FRIEND} until {ends}": 1 for ends in range(1, 100)}
    (tmp_path / "answered.json").write_text(json.dumps(counts))
    now = hosting.FORGOTTEN_SECONDS + 98
    token.lease = (now + 100, 2, 1, 1)
    assert ask(TENANT, now=now)
    assert json.loads((tmp_path / "answered.json").read_text()) == {
        f"{FRIEND} until 99": 1, f"{TENANT} until {now + 100}": 1,
    }  # fmt: skip
    assert code(ask, TENANT, now=now) == "no_use"


def test_a_question_that_is_none_costs_no_use(ask, token):
    token.lease = (100, 1, 1, 1)
    with pytest.raises(UsageError):
        ask(TENANT, "broken")
    assert ask(TENANT)


def test_a_damaged_file_is_said(ask, token, tmp_path):
    for damaged in ("[]", '{"somebody": 1}', '{"0xcc until": 1}'):
        (tmp_path / "answered.json").write_text(damaged)
        with pytest.raises(InputError, match="does not say what was answered"):
            ask(OWNER)
