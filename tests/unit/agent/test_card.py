"""What an agent says of itself: both documents from one description, and what neither can say."""

from __future__ import annotations

import json

import msgspec
import pytest

from keifu.agent.card import (
    CARD_PATH,
    REGISTRATION_PATH,
    Profile,
    Service,
    Skill,
    agent_card,
    registration,
    registry_id,
    write_documents,
)
from keifu.errors import InputError

REGISTRY = "0x8004a169fb4a3325136eb29fa0ceb6d2e539a432"
MCP = Service("MCP", "https://example.org/mcp")
PROFILE = Profile(
    "Planner", "Plans journeys.", image="https://example.org/planner.png",
    services=(MCP, Service("A2A", "https://example.org/a2a"), Service("web", "https://example.org"),
              Service("email", "planner@example.org")),
    skills=(Skill("trains", "Trains", "Books trains.", ("travel",)),),
)  # fmt: skip


def test_the_registration_file_is_as_the_erc_has_it():
    """Every field of registration-v1, with its type, endpoints and the agent's numbers."""
    assert registration(PROFILE, [(22, registry_id(16_661, REGISTRY))]) == {
        "type": "https://eips.ethereum.org/EIPS/eip-8004#registration-v1",
        "name": "Planner",
        "description": "Plans journeys.",
        "image": "https://example.org/planner.png",
        "services": [
            {"name": "MCP", "endpoint": "https://example.org/mcp", "version": "2026-07-28"},
            {"name": "A2A", "endpoint": "https://example.org/a2a", "version": "1.0"},
            {"name": "web", "endpoint": "https://example.org"},
            {"name": "email", "endpoint": "planner@example.org"},
        ],
        "x402Support": False,
        "active": True,
        "registrations": [{"agentId": 22, "agentRegistry": "eip155:16661:0x8004A169FB4a3325136EB29fA0ceB6D2e539a432"}],
        "supportedTrust": ["reputation"],
    }


def test_the_card_names_the_same_endpoints_and_skills():
    card = agent_card(PROFILE)
    assert card["supportedInterfaces"] == [
        {"url": "https://example.org/mcp", "protocolBinding": "MCP", "protocolVersion": "2026-07-28"},
        {"url": "https://example.org/a2a", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"},
    ]
    assert card["skills"] == [
        {"id": "trains", "name": "Trains", "description": "Books trains.", "tags": ["travel"]},
    ]
    assert (card["documentationUrl"], card["iconUrl"]) == ("https://example.org", PROFILE.image)


def test_an_agent_without_skills_can_be_asked():
    [skill] = agent_card(Profile("Planner", "Plans journeys.", services=(MCP,)))["skills"]
    assert (skill["name"], skill["description"]) == ("Planner", "Plans journeys.")


def test_one_that_cannot_be_reached_has_no_card():
    with pytest.raises(InputError, match="names no endpoint"):
        agent_card(Profile("Planner", "Plans journeys."))


def test_both_are_written_where_servers_of_files_have_them(tmp_path):
    written = write_documents(tmp_path, PROFILE, [])
    assert [str(path.relative_to(tmp_path)) for path in written] == [CARD_PATH[1:], REGISTRATION_PATH[1:]]
    assert [json.loads(path.read_text())["name"] for path in written] == ["Planner", "Planner"]


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"description": ""},
        {"name": "a" * 201},
        {"description": "a" * 2_001},
        {"name": "Plan\u202ener"},
        {"description": "Plans\x1b[2J"},
        {"services": (Service("MCP", "ftp://example.org"),)},
        {"services": (Service("web", "example.org"),)},
        {"services": (MCP,) * 33},
        {"skills": (Skill("a", "a", "a", ("tag",) * 33),)},
        {"trust": ("my word",)},
    ],
)
def test_what_neither_document_can_say_is_refused(change, tmp_path):
    made = msgspec.structs.replace(PROFILE, **change)
    with pytest.raises(InputError):
        made.require_readable()
    made.save(tmp_path / "profile.json")
    with pytest.raises(InputError, match="is no description of an agent"):
        Profile.load(tmp_path / "profile.json")


def test_a_description_is_read_as_it_was_written(tmp_path):
    PROFILE.save(tmp_path / "profile.json")
    assert Profile.load(tmp_path / "profile.json") == PROFILE
