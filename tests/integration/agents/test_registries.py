"""`keifu agent` from registration to audit on a chain, as people type it, and what an explorer sees of it."""

from __future__ import annotations

from collections import defaultdict

import pytest

from keifu.chain.logs import find_events
from keifu.keys import keccak256
from tests.integration.agents.conftest import AUTHOR, BUYER

CARD = "https://example.org/agent.json"
SCHEMA = "audited by hand"
EVALUATOR, NODE = ("--role", "evaluator"), ("--role", "node")


@pytest.fixture
def agent(does):
    return does("agent", "register", "--uri", CARD, *AUTHOR)["agent"]


@pytest.fixture
def bound(does, agent, minted):
    """The agent has the data of a token: its number."""
    return does("agent", "bind", agent, minted, *AUTHOR)["token"]


@pytest.fixture
def with_wallet(does, agent):
    does("agent", "agree-wallet", agent, "--out", "wallet.json", *NODE)
    does("agent", "set-wallet", "wallet.json", *AUTHOR)


@pytest.fixture
def audited(does, agent, bound):
    """A record of the agent's data: its id."""
    return does("agent", "record", agent, *AUTHOR)["record"]


def test_an_agent_its_file_values_and_data(does, keifu, agent, bound, address):
    shown = does("agent", "show", agent)
    assert (agent, shown["owner"], shown["uri"], shown["wallet"]) == (0, address("author"), CARD, address("author"))
    assert (shown["token"], len(shown["data"]), shown["edition"], shown["clients"]) == (bound, 64, 1, 0)
    does("agent", "describe", agent, "--uri", CARD + "?2", *AUTHOR)
    does("agent", "describe", agent, "--key", "model", "--value", "small", *AUTHOR)
    assert bytes.fromhex(does("agent", "show", agent, "--key", "model")["value"]) == b"small"
    assert does("agent", "list", "--owner", address("author"))["agents"][0]["uri"] == CARD + "?2"
    assert does("agent", "list", "--owner", address("buyer"))["agents"] == []
    does("agent", "unbind", agent, *AUTHOR)
    assert keifu("agent", "record", agent, *AUTHOR)[::2] == (
        1,
        f"keifu: agent {agent} has no data (keifu agent bind AGENT TOKEN)\n",
    )
    assert keifu("agent", "show", agent)[1].splitlines()[4:] == [
        "data     none",
        "edition  0 of its data; feedback counts since edition 0",
        "clients  0 clients spoke of it",
    ]
    assert keifu("agent", "show", 7)[::2] == (2, "keifu: there is no agent 7 (keifu agent list)\n")


def test_a_number_is_right_when_others_register_too(does, agent):
    assert does("agent", "register", *BUYER)["agent"] == agent + 1
    assert does("agent", "register", *AUTHOR)["agent"] == agent + 2


def test_a_wallet_agrees_for_minutes_and_goes_with_a_transfer(does, keifu, chain, agent, with_wallet, address):
    assert does("agent", "show", agent)["wallet"] == address("node")
    status, _, err = keifu("agent", "agree-wallet", agent, "--out", "wallet.json", *NODE)
    assert (status, "is there already" in err) == (2, True)
    does("agent", "transfer", agent, "--to", address("buyer"), *AUTHOR)
    assert int(does("agent", "show", agent)["wallet"], 16) == 0
    status, _, err = keifu("agent", "set-wallet", "wallet.json", *BUYER)
    assert (status, "identity: wallet has not signed" in err) == (1, True)
    chain.warp(301)
    status, _, err = keifu("agent", "set-wallet", "wallet.json", *BUYER)
    assert (status, "the wallet's consent has expired (keifu agent agree-wallet once more)" in err) == (1, True)
    assert "has no wallet" in keifu("agent", "unset-wallet", agent, *BUYER)[1]


def test_reputation_counts_for_the_data_of_now(does, keifu, agent, address):
    client = address("buyer")
    for value in (90, "-1.5"):
        does("agent", "feedback", agent, "--value", value, "--tag", "quality", *BUYER)
    trusted = ("agent", "summary", agent, "--client", client)
    assert does(*trusted)["mean"] == "44"
    assert does("agent", "revoke", agent, 2, *BUYER)["number"] == 2
    assert (does(*trusted)["count"], does(*trusted)["mean"]) == (1, "90")
    does("agent", "respond", agent, 1, "--client", client, "--uri", CARD, *AUTHOR)
    status, _, err = keifu("agent", "feedback", agent, "--value", 100, *AUTHOR)
    assert (status, "reputation: agent speaks of itself" in err) == (1, True)


def test_reputation_is_carried_to_new_data(does, keifu, agent, minted, address):
    client = address("buyer")
    does("agent", "feedback", agent, "--value", 90, *BUYER)
    does("agent", "bind", agent, minted, *AUTHOR)
    does("agent", "note-change", agent, *BUYER)
    assert does("agent", "summary", agent, "--client", client)["mean"] is None
    assert "of earlier data" in keifu("agent", "reviews", agent)[1]
    assert does("agent", "carry", agent, "--uri", CARD, *AUTHOR)["counts_since"] == 0
    assert does("agent", "summary", agent, "--client", client)["mean"] == "90"
    assert [review["value"] for review in does("agent", "reviews", agent, "--client", client)["reviews"]] == ["90"]


def test_a_validator_answers_anew(does, keifu, agent, address):
    request = keccak256(b"is it safe?").hex()
    does("agent", "ask", agent, "--validator", address("evaluator"), "--request", request, *AUTHOR)
    assert "not yet" in keifu("agent", "validations", agent)[1]
    for response in (70, 90):
        does("agent", "answer", request, "--response", response, "--tag", "safety", *EVALUATOR)
    [found] = does("agent", "validations", agent)["validations"]
    assert (found["response"], found["tag"], found["validator"]) == (90, "safety", address("evaluator"))
    status, _, err = keifu("agent", "answer", request, "--response", 100, *BUYER)
    assert (status, "validation: not the validator" in err) == (1, True)


def test_no_fault_of_the_operator_was_shown(does, keifu, agent, with_wallet, address):
    asked = does("agent", "ask-faults", agent, *AUTHOR)
    assert asked["operator"] == address("node")
    assert does("agent", "answer-faults", agent, *BUYER)["response"] == 100
    assert does("agent", "validations", agent)["validations"][0]["request"] == asked["request"]
    status, _, err = keifu("agent", "answer-faults", agent, "--case", 1, *BUYER)
    assert (status, "reverted" in err) == (1, True)
    does("agent", "unset-wallet", agent, *AUTHOR)
    status, _, err = keifu("agent", "ask-faults", agent, *AUTHOR)
    assert (status, "(--operator ADDRESS)" in err) == (2, True)


def test_an_audit_stands_while_its_attestation_does(does, keifu, agent, audited, address):
    about = (agent, "--attester", address("evaluator"), "--schema", SCHEMA, "--record", audited[:8])
    does("agent", "ask-audit", *about, *AUTHOR)
    assert does("agent", "answer-audit", *about, *BUYER)["response"] == 0
    does("prov", "attest", audited, "--schema", SCHEMA, *EVALUATOR)
    assert does("agent", "answer-audit", *about, *BUYER)["response"] == 100
    status, _, err = keifu("agent", "ask-audit", *about[:-1], "ab" * 32, *AUTHOR)
    assert (status, "there is no record abab" in err) == (2, True)


def test_everything_follows_from_events(does, client, suite, agent, bound, address):
    """Owners, data, feedback and answers, from the events of three contracts and from nothing else."""
    does("agent", "feedback", agent, "--value", "4.5", *BUYER)
    does("agent", "feedback", agent, "--value", 3, *BUYER)
    does("agent", "revoke", agent, 1, *BUYER)
    does("agent", "transfer", agent, "--to", address("node"), *AUTHOR)

    def events(contract, name):
        return find_events(client, client.at(suite[contract], contract), name)

    owners = {log.tokenId: log.to for log in events("AgentIdentity", "Transfer")}
    tokens = {log.agent_id: log.token_id for log in events("AgentIdentity", "DataBound")}
    said = defaultdict(dict)
    for log in events("AgentReputation", "NewFeedback"):
        said[log.agentId, log.clientAddress][log.feedbackIndex] = (log.value, log.valueDecimals)
    for log in events("AgentReputation", "FeedbackRevoked"):
        del said[log.agentId, log.clientAddress][log.feedbackIndex]
    assert (owners[agent], tokens[agent]) == (address("node"), int(bound, 16))
    assert said == {(agent, address("buyer")): {2: (3, 0)}}
    assert [log.data.hex() for log in events("AgentReputation", "ReputationReset")] == [
        does("agent", "show", agent)["data"]
    ]
