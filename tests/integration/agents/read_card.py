"""A2A's own client reads the card of a server: run in an environment of its own, which `a2a.lock` makes. Prints what it
has read as JSON; ends with a fault for a field that A2A does not know, or one that is missing."""

import asyncio
import json
import sys

import httpx
from a2a.client.card_resolver import A2ACardResolver
from a2a.types.a2a_pb2 import AgentCard
from google.api import field_behavior_pb2
from google.protobuf.json_format import MessageToDict, ParseDict


def missing(message, path=""):
    """Required fields that are not set, in it and below."""
    for field in message.DESCRIPTOR.fields:
        required = field_behavior_pb2.REQUIRED in field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
        value, name = getattr(message, field.name), f"{path}{field.name}"
        is_list = field.message_type is not None and not hasattr(value, "DESCRIPTOR")
        if required and not (message.HasField(field.name) if hasattr(value, "DESCRIPTOR") else len(value)):
            yield name
        elif is_list and not hasattr(value, "items"):
            for number, item in enumerate(value):
                yield from missing(item, f"{name}[{number}].")
        elif hasattr(value, "DESCRIPTOR") and message.HasField(field.name):
            yield from missing(value, f"{name}.")


async def main(base):
    async with httpx.AsyncClient(trust_env=False) as http:
        card = await A2ACardResolver(http, base).get_agent_card()
        said = (await http.get(f"{base}/.well-known/agent-card.json")).json()
    assert ParseDict(said, AgentCard()) == card
    assert not (lacks := list(missing(card))), lacks
    print(json.dumps(MessageToDict(card)))


asyncio.run(main(sys.argv[1]))
