"""The published ABI beside that of ERC-8004's deployed contracts, version 2.0.0: signatures are written out here from
the standard's contracts, and compared by name, types, answer and what is indexed."""

from __future__ import annotations

import pytest

from tests.unit.inft.test_erc import ERC165, ERC721, ERC721_METADATA, entries, interface_id, kind

# function -> what it answers, and whether it is a view
IDENTITY = {
    "register()": ("uint256", False),
    "register(string)": ("uint256", False),
    "register(string,(string,bytes)[])": ("uint256", False),
    "getMetadata(uint256,string)": ("bytes", True),
    "setMetadata(uint256,string,bytes)": ("", False),
    "setAgentURI(uint256,string)": ("", False),
    "getAgentWallet(uint256)": ("address", True),
    "setAgentWallet(uint256,address,uint256,bytes)": ("", False),
    "unsetAgentWallet(uint256)": ("", False),
    "isAuthorizedOrOwner(address,uint256)": ("bool", True),
    "getVersion()": ("string", True),
    "eip712Domain()": ("bytes1,string,string,uint256,address,bytes32,uint256[]", True),
    **ERC721,
    **ERC721_METADATA,
    **ERC165,
}
REPUTATION = {
    "getIdentityRegistry()": ("address", True),
    "giveFeedback(uint256,int128,uint8,string,string,string,string,bytes32)": ("", False),
    "revokeFeedback(uint256,uint64)": ("", False),
    "appendResponse(uint256,address,uint64,string,bytes32)": ("", False),
    "getSummary(uint256,address[],string,string)": ("uint64,int128,uint8", True),
    "readFeedback(uint256,address,uint64)": ("int128,uint8,string,string,bool", True),
    "readAllFeedback(uint256,address[],string,string,bool)": (
        "address[],uint64[],int128[],uint8[],string[],string[],bool[]",
        True,
    ),
    "getResponseCount(uint256,address,uint64,address[])": ("uint64", True),
    "getClients(uint256)": ("address[]", True),
    "getLastIndex(uint256,address)": ("uint64", True),
    "getVersion()": ("string", True),
}
VALIDATION = {
    "getIdentityRegistry()": ("address", True),
    "validationRequest(address,uint256,string,bytes32)": ("", False),
    "validationResponse(bytes32,uint8,string,bytes32,string)": ("", False),
    "getValidationStatus(bytes32)": ("address,uint256,uint8,bytes32,string,uint256", True),
    "getSummary(uint256,address[],string)": ("uint64,uint8", True),
    "getAgentValidations(uint256)": ("bytes32[]", True),
    "getValidatorRequests(address)": ("bytes32[]", True),
    "getVersion()": ("string", True),
}
FUNCTIONS = {"AgentIdentity": IDENTITY, "AgentReputation": REPUTATION, "AgentValidation": VALIDATION}

# event -> which of its arguments are indexed
EVENTS = {
    "AgentIdentity": {
        "Registered(uint256,string,address)": (True, False, True),
        "MetadataSet(uint256,string,string,bytes)": (True, True, False, False),
        "URIUpdated(uint256,string,address)": (True, False, True),
        "Transfer(address,address,uint256)": (True, True, True),
        "Approval(address,address,uint256)": (True, True, True),
        "ApprovalForAll(address,address,bool)": (True, True, False),
        "MetadataUpdate(uint256)": (False,),
    },
    "AgentReputation": {
        "NewFeedback(uint256,address,uint64,int128,uint8,string,string,string,string,string,bytes32)": (
            *(True, True, False, False, False, True, False, False, False, False, False),
        ),
        "FeedbackRevoked(uint256,address,uint64)": (True, True, True),
        "ResponseAppended(uint256,address,uint64,address,string,bytes32)": (True, True, False, True, False, False),
    },
    "AgentValidation": {
        "ValidationRequest(address,uint256,string,bytes32)": (True, True, False, True),
        "ValidationResponse(address,uint256,bytes32,uint8,string,bytes32,string)": (
            *(True, True, True, False, False, False, False),
        ),
    },
}


@pytest.mark.parametrize(
    ("contract", "function"), [(contract, name) for contract in FUNCTIONS for name in FUNCTIONS[contract]]
)
def test_functions(contract, function):
    answer, is_view = FUNCTIONS[contract][function]
    entry = entries(contract, "function")[function]
    assert ",".join(map(kind, entry["outputs"])) == answer
    assert (entry["stateMutability"] in ("view", "pure")) == is_view


@pytest.mark.parametrize(("contract", "event"), [(contract, name) for contract in EVENTS for name in EVENTS[contract]])
def test_events(contract, event):
    found = entries(contract, "event")[event]
    assert tuple(argument["indexed"] for argument in found["inputs"]) == EVENTS[contract][event]


def test_nothing_of_a_standard_name_has_other_types():
    """What is ours besides is spelt as the house spells it: a name of the standard's has the standard's arguments."""
    for contract, functions in FUNCTIONS.items():
        for name in entries(contract, "function"):
            if name not in functions:
                word = name.split("(")[0]
                assert word not in {known.split("(")[0] for known in functions}
                assert word == word.lower()


@pytest.mark.parametrize(
    ("functions", "number"), [(ERC165, "01ffc9a7"), (ERC721, "80ac58cd"), (ERC721_METADATA, "5b5e139f")]
)
def test_interface_ids(identity, functions, number):
    assert interface_id(functions).hex() == number
    assert identity.supportsInterface(bytes.fromhex(number))


def test_what_else_is_and_is_not_supported(identity):
    assert identity.supportsInterface(bytes.fromhex("49064906"))
    assert not identity.supportsInterface(b"\xff" * 4)


def test_names_and_versions(world, identity, reputation, validation):
    assert (identity.name(), identity.symbol()) == ("AgentIdentity", "AGENT")
    assert {contract.getVersion() for contract in (identity, reputation, validation)} == {"2.0.0"}
    assert identity.eip712Domain()[1:3] == ("ERC8004IdentityRegistry", "1")
    assert reputation.getIdentityRegistry() == validation.getIdentityRegistry() == identity.address
    assert identity.collection() == world.nft.address
