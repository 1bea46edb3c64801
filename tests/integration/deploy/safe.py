"""The real Safe, as npm ships it, on a test chain: made, asked to call, and signed for by its owners."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ethwire.constants import ZERO_ADDRESS
from keifu.abi import Contract, Interface, encode_args
from keifu.chain import ChainClient, created_address
from keifu.keys import Account

__all__ = ["Safe"]

ARTEFACTS = Path(__file__).parents[3] / "node_modules/@safe-global/safe-contracts/build/artifacts/contracts"
THRESHOLD = 2
NOTHING = (0, 0, 0, 0, ZERO_ADDRESS, ZERO_ADDRESS)  # a call, and no refund of gas


class Safe:
    """Of these owners, two of whom sign."""

    def __init__(self, client: ChainClient, owners: list[Account]) -> None:
        self.client, self.owners = client, sorted(owners, key=lambda owner: owner.address)
        singleton = self._deploy("Safe.sol/Safe.json", owners[0])
        factory = self._deploy("proxies/SafeProxyFactory.sol/SafeProxyFactory.json", owners[0])
        addresses = [owner.address for owner in self.owners]
        no_more = (ZERO_ADDRESS, b"", ZERO_ADDRESS, ZERO_ADDRESS, 0, ZERO_ADDRESS)
        setup = singleton.interface.function("setup", 8).encode((addresses, THRESHOLD, *no_more))
        where = factory.createProxyWithNonce.call(singleton.address, setup, 0, sender=owners[0])
        factory.createProxyWithNonce(singleton.address, setup, 0, sender=owners[0])
        self.contract = client.at(where, singleton.interface)

    @property
    def address(self) -> str:
        return self.contract.address

    def run(self, file: Path, signers: int = THRESHOLD) -> Any:
        """Carry out a file of the transaction builder, signed by so many owners."""
        document = json.loads(file.read_text())
        assert document["chainId"] == str(self.client.chain_id)
        receipts = []
        for entry in document["transactions"]:
            call = (entry["to"].lower(), int(entry["value"]), bytes.fromhex(entry["data"][2:]), *NOTHING)
            digest = self.contract.getTransactionHash(*call, self.contract.nonce())
            signatures = b"".join(owner.sign(digest) for owner in self.owners[:signers])
            receipts.append(self.contract.execTransaction(*call, signatures, sender=self.owners[0]))
        return receipts

    def _deploy(self, place: str, sender: Account) -> Contract:
        artefact = json.loads((ARTEFACTS / place).read_text())
        nonce = self.client.rpc.quantity("eth_getTransactionCount", sender.address, "latest")
        self.client.send(sender, None, bytes.fromhex(artefact["bytecode"][2:]) + encode_args([], []))
        return self.client.at(created_address(sender.address, nonce), Interface(place, artefact["abi"]))
