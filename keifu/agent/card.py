"""What an agent says of itself: one description, from which both documents are made that others read. The card of A2A
stands at /.well-known/agent-card.json, the registration file of ERC-8004 at the address that the registry names.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from keifu._files import write_whole
from keifu._handed import Handed
from keifu.errors import InputError
from keifu.keys import checksum
from keifu.texts import hidden_in

__all__ = [
    "CARD_PATH", "PROFILE_FILE", "REGISTRATION_PATH", "Profile", "Service", "Skill", "agent_card", "registration",
    "registry_id", "write_documents",
]  # fmt: skip

PROFILE_FILE = "profile.json"
CARD_PATH, REGISTRATION_PATH = "/.well-known/agent-card.json", "/.well-known/agent-registration.json"
REGISTRATION_TYPE = "https://eips.ethereum.org/EIPS/eip-8004#registration-v1"
# A2A's word for how an endpoint is spoken to, by ERC-8004's word for the endpoint; others are no interfaces of A2A.
BINDINGS = {"A2A": "JSONRPC", "MCP": "MCP"}
VERSIONS = {"A2A": "1.0", "MCP": "2026-07-28"}
ON_THE_WEB = ("web", "A2A", "MCP", "OASF")
TRUSTS = ("reputation", "crypto-economic", "tee-attestation")
SHORT, LONG, MOST = 200, 2_000, 32  # characters of a name and of a text; services, skills and tags


class Skill(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that the agent can do."""

    id: str
    name: str
    description: str
    tags: tuple[str, ...] = ()


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the agent is reached: web, A2A, MCP, OASF, ENS, DID or email."""

    name: str
    endpoint: str
    version: str = ""


class Profile(Handed, forbid_unknown_fields=True):
    """The one source of both documents."""

    NOUN, WRITER = "description of an agent", "keifu agent card"

    name: str
    description: str
    version: str = "1.0.0"
    image: str = ""
    services: tuple[Service, ...] = ()
    skills: tuple[Skill, ...] = ()
    trust: tuple[str, ...] = ("reputation",)
    x402: bool = False
    active: bool = True

    def require_readable(self) -> None:
        """Raises InputError for what one of the documents cannot say."""
        texts = [self.name, self.version, *(item.id for item in self.skills), *(item.name for item in self.skills)]
        long = [self.description, self.image, *(item.description for item in self.skills)]
        long += [item.endpoint for item in self.services]
        tags = [tag for skill in self.skills for tag in skill.tags]
        for text, most in (*((text, SHORT) for text in (*texts, *tags)), *((text, LONG) for text in long)):
            if len(text) > most or hidden_in(text):
                raise InputError(f"{text[:40]!r} is too long, or has signs that nobody sees", remedy="write it plainly")
        if not (self.name and self.description):
            raise InputError("an agent has a name and a description", remedy="--name, --description")
        if max(len(self.services), len(self.skills), *(len(skill.tags) for skill in self.skills), 0) > MOST:
            raise InputError(f"more than {MOST} services, skills or tags", remedy="leave some out")
        if unknown := [word for word in self.trust if word not in TRUSTS]:
            raise InputError(f"{unknown[0]!r} is no kind of trust", remedy=", ".join(TRUSTS))
        for service in self.services:
            if service.name in ON_THE_WEB and urlsplit(service.endpoint).scheme not in ("http", "https"):
                raise InputError(f"{service.endpoint[:80]!r} is no address on the web", remedy="https://…")

    @property
    def interfaces(self) -> list[dict[str, str]]:
        """Where A2A's clients, and those of tools, reach the agent."""
        return [
            {
                "url": item.endpoint, "protocolBinding": BINDINGS[item.name],
                "protocolVersion": item.version or VERSIONS[item.name],
            }
            for item in self.services if item.name in BINDINGS
        ]  # fmt: skip


def agent_card(profile: Profile) -> dict[str, Any]:
    """The card of A2A 1.0. Raises InputError for an agent that cannot be reached."""
    if not profile.interfaces:
        raise InputError("the card names no endpoint", remedy="--mcp URL, or --a2a URL of an agent that speaks it")
    skills = profile.skills or (Skill("ask", profile.name, profile.description, ("agent",)),)
    web = next((item.endpoint for item in profile.services if item.name == "web"), "")
    return {
        "name": profile.name,
        "description": profile.description,
        "version": profile.version,
        "supportedInterfaces": profile.interfaces,
        "capabilities": {"streaming": False, "pushNotifications": False},
        "defaultInputModes": ["application/json"],
        "defaultOutputModes": ["application/json"],
        "skills": [{**msgspec.structs.asdict(skill), "tags": list(skill.tags)} for skill in skills],
        **({"documentationUrl": web} if web else {}),
        **({"iconUrl": profile.image} if profile.image else {}),
    }


def registration(profile: Profile, registrations: Sequence[tuple[int, str]] = ()) -> dict[str, Any]:
    """The registration file of ERC-8004; `registrations` are the agent's numbers, each with its registry's id."""
    return {
        "type": REGISTRATION_TYPE,
        "name": profile.name,
        "description": profile.description,
        "image": profile.image,
        "services": [
            {
                "name": item.name, "endpoint": item.endpoint,
                **({"version": said} if (said := item.version or VERSIONS.get(item.name, "")) else {}),
            }
            for item in profile.services
        ],
        "x402Support": profile.x402,
        "active": profile.active,
        "registrations": [{"agentId": agent, "agentRegistry": registry} for agent, registry in registrations],
        "supportedTrust": list(profile.trust),
    }  # fmt: skip


def registry_id(chain_id: int, registry: str) -> str:
    """A registry as ERC-8004 names it."""
    return f"eip155:{chain_id}:{checksum(registry)}"


def write_documents(place: Path, profile: Profile, registrations: Sequence[tuple[int, str]]) -> list[Path]:
    """Both, below `place` as a server of files has them."""
    documents = {CARD_PATH: agent_card(profile), REGISTRATION_PATH: registration(profile, registrations)}
    written = []
    for name, document in documents.items():
        path = place / name.removeprefix("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
        written.append(path)
    return written
