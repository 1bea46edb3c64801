"""The published ABI beside the texts of ERC-7857 (Final), ERC-721, ERC-4906, ERC-2981 and ERC-165: signatures are
written out here from the texts, and compared by selector, topic and what is indexed."""

from __future__ import annotations

import pytest

from evmstorm.evm import artifacts
from keifu.keys import keccak256

ACCESS = "(bytes32,bytes32,bytes,bytes,bytes)"
OWNERSHIP = "(uint8,bytes32,bytes32,bytes,bytes,bytes,bytes)"
PROOFS = f"({ACCESS},{OWNERSHIP})[]"
OUTPUTS = "(bytes32,bytes32,bytes,bytes,bytes,address,bytes,bytes)[]"

# function -> what it answers, and whether it is a view
ERC7857 = {
    "verifier()": ("address", True),
    f"iTransfer(address,uint256,{PROOFS})": ("", False),
    f"iClone(address,uint256,{PROOFS})": ("uint256", False),
    "authorizeUsage(uint256,address)": ("", False),
    "revokeAuthorization(uint256,address)": ("", False),
    "authorizedUsersOf(uint256)": ("address[]", True),
    "approve(address,uint256)": ("", False),
    "setApprovalForAll(address,bool)": ("", False),
    "getApproved(uint256)": ("address", True),
    "isApprovedForAll(address,address)": ("bool", True),
    "ownerOf(uint256)": ("address", True),
    "delegateAccess(address)": ("", False),
    "getDelegateAccess(address)": ("address", True),
}
ERC7857_METADATA = {
    "name()": ("string", True),
    "symbol()": ("string", True),
    "intelligentDataOf(uint256)": ("(string,bytes32)[]", True),
}
ERC721 = {
    "balanceOf(address)": ("uint256", True),
    "ownerOf(uint256)": ("address", True),
    "safeTransferFrom(address,address,uint256,bytes)": ("", False),
    "safeTransferFrom(address,address,uint256)": ("", False),
    "transferFrom(address,address,uint256)": ("", False),
    "approve(address,uint256)": ("", False),
    "setApprovalForAll(address,bool)": ("", False),
    "getApproved(uint256)": ("address", True),
    "isApprovedForAll(address,address)": ("bool", True),
}
ERC721_METADATA = {
    "name()": ("string", True),
    "symbol()": ("string", True),
    "tokenURI(uint256)": ("string", True),
}
ERC2981 = {"royaltyInfo(uint256,uint256)": ("address,uint256", True)}
ERC165 = {"supportsInterface(bytes4)": ("bool", True)}
VERIFIER = {f"verifyTransferValidity({PROOFS})": (OUTPUTS, False)}

# event -> which of its arguments are indexed
EVENTS = {
    "Transfer(address,address,uint256)": (True, True, True),
    "Approval(address,address,uint256)": (True, True, True),
    "ApprovalForAll(address,address,bool)": (True, True, False),
    "Authorization(address,address,uint256)": (True, True, True),
    "AuthorizationRevoked(address,address,uint256)": (True, True, True),
    "Transferred(uint256,address,address)": (False, True, True),
    "Cloned(uint256,uint256,address,address)": (True, True, False, False),
    "PublishedSealedKey(address,uint256,bytes[])": (True, True, False),
    "DelegateAccess(address,address)": (True, True),
    "MetadataUpdate(uint256)": (False,),
}
IDS = {
    "ERC-165": (ERC165, "01ffc9a7"),
    "ERC-721": (ERC721, "80ac58cd"),
    "ERC-721 metadata": (ERC721_METADATA, "5b5e139f"),
    "ERC-2981": (ERC2981, "2a55205a"),
    "ERC-7857": (ERC7857, None),
    "ERC-7857 metadata": (ERC7857_METADATA, None),
}


def kind(entry):
    if entry["type"].startswith("tuple"):
        return f"({','.join(map(kind, entry['components']))}){entry['type'].removeprefix('tuple')}"
    return entry["type"]


def signature(entry):
    return f"{entry['name']}({','.join(map(kind, entry['inputs']))})"


def entries(contract, sort):
    return {signature(entry): entry for entry in artifacts.load(contract).abi if entry["type"] == sort}


def interface_id(functions):
    number = 0
    for function in functions:
        number ^= int.from_bytes(keccak256(function.encode())[:4], "big")
    return number.to_bytes(4, "big")


@pytest.mark.parametrize(
    ("contract", "functions"),
    [
        ("IntelligentNFT", ERC7857),
        ("IntelligentNFT", ERC7857_METADATA),
        ("IntelligentNFT", ERC721),
        ("IntelligentNFT", ERC721_METADATA),
        ("IntelligentNFT", ERC2981),
        ("IntelligentNFT", ERC165),
        ("DataVerifier", VERIFIER),
    ],
    ids=["7857", "7857 metadata", "721", "721 metadata", "2981", "165", "7857 verifier"],
)
def test_functions(contract, functions):
    there = entries(contract, "function")
    for name, (answer, is_view) in functions.items():
        assert name in there
        assert ",".join(map(kind, there[name]["outputs"])) == answer
        assert (there[name]["stateMutability"] in ("view", "pure")) == is_view


def test_selectors_answer_on_the_chain(world, private):
    """The compiler's selectors are the texts': a call made of the text's bytes is answered."""
    for name in (*ERC7857, *ERC7857_METADATA, *ERC721, *ERC2981):
        if (name.endswith("(uint256)") and "Of(" in name) or name in ("verifier()", "name()", "symbol()"):
            data = keccak256(name.encode())[:4] + private.to_bytes(32, "big")
            assert world.evm.send(world.stranger, world.nft, data)


@pytest.mark.parametrize("name", EVENTS)
def test_events(name):
    found = entries("IntelligentNFT", "event")[name]
    assert tuple(argument["indexed"] for argument in found["inputs"]) == EVENTS[name]


@pytest.mark.parametrize("name", IDS)
def test_interface_ids(nft, name):
    functions, number = IDS[name]
    if number is not None:
        assert interface_id(functions).hex() == number
    assert nft.supportsInterface(interface_id(functions))


def test_erc4906_and_what_is_not_supported(nft):
    assert nft.supportsInterface(bytes.fromhex("49064906"))
    assert not nft.supportsInterface(b"\xff" * 4)
    assert not nft.supportsInterface(bytes(4))


def test_metadata(world, nft, private):
    assert (nft.name(), nft.symbol()) == ("Keifu Agents", "KAGENT")
    assert nft.tokenURI(private) == f"https://example.org/agents/{private}"
    assert nft.verifier() == world.verifier.address
