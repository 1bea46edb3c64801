"""Numbered tokens (ERC-721): each has one owner, and a balance counts what one owns."""

from __future__ import annotations

from collections.abc import Iterable

from ethwire.abi import Contract
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm
from evmstorm.fuzz import RAW_OUTCOME, Choice, Flag, Steps, System, Who, action, invariant

__all__ = ["Erc721"]


class Erc721(System):
    """Give `deploy` and `tokens`. Some of the tokens should be actors'."""

    def deploy(self, evm: LocalEvm) -> Contract:
        raise NotImplementedError

    def tokens(self) -> Iterable[int]:
        """The numbers of the tokens that there are after `deploy`."""
        raise NotImplementedError

    def setup(self, evm: LocalEvm) -> None:
        contract = self.deploy(evm)
        self.bind(nft=contract)
        self.ids = list(self.tokens())
        self.begun = {number: str(contract.ownerOf(number)) for number in self.ids}

    def start(self) -> None:
        self.owners = dict(self.begun)
        self.approved: dict[int, str] = {}
        self.operators: set[tuple[str, str]] = set()

    def _may(self, who: str, number: int) -> bool:
        owner = self.owners[number]
        return who == owner or self.approved.get(number) == who or (owner, who) in self.operators

    @action("nft.transferFrom", Who(), Who(anyone=True), Choice("ids"))
    def transfer(self, who: str, owner: str, to: str, number: int) -> Steps:
        right = self._may(who, number) and owner == self.owners[number]
        returned = yield None if right and to in self.addresses else RAW_OUTCOME
        if returned is None:
            return
        assert right, f"token {number} of {self.names.get(self.owners[number])} was moved by {self.names.get(who)}"
        assert to != ZERO_ADDRESS, f"token {number} went to nobody"
        self.owners[number] = to
        self.approved.pop(number, None)

    @action("nft.approve", Who(anyone=True), Choice("ids"))
    def approve(self, who: str, to: str, number: int) -> Steps:
        right = who == self.owners[number] or (self.owners[number], who) in self.operators
        returned = yield None if right and to in self.addresses and to != self.owners[number] else RAW_OUTCOME
        if returned is None:
            return
        assert right, f"{self.names.get(who)} gave away token {number} of {self.names.get(self.owners[number])}"
        self.approved[number] = to

    @action("nft.setApprovalForAll", Who(), Flag())
    def set_operator(self, who: str, operator: str, allowed: bool) -> Steps:
        returned = yield None if who != operator else RAW_OUTCOME
        if returned is not None:
            (self.operators.add if allowed else self.operators.discard)((who, operator))

    @invariant("ERC721-1")
    def balances_count(self) -> bool | str:
        """A balance is the number of tokens that one owns."""
        for who in self.addresses:
            wanted, found = list(self.owners.values()).count(who), self.ask("nft.balanceOf", who)
            if found != wanted:
                return f"{self.names[who]} has a balance of {found}, and owns {wanted}"
        return True

    @invariant("ERC721-2")
    def owners_are_what_transfers_made(self) -> bool | str:
        """Each token's owner is whom it was transferred to last."""
        for number, owner in self.owners.items():
            if self.ask("nft.ownerOf", number) != int(owner, 16):
                return f"token {number} is not {self.names.get(owner, owner)}'s"
        return True
