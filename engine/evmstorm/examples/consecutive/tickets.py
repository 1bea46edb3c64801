"""Tickets of @openzeppelin/contracts 4.8.0, whose ERC721Consecutive forgets the balance of a batch of one ticket."""

from collections.abc import Iterable

from evmstorm.evm import Contract, LocalEvm
from evmstorm.templates import Erc721


class Tickets(Erc721):
    """Three batches, one of them of one ticket."""

    contracts = ("Tickets.json",)
    batches = (3, 1, 2)

    def deploy(self, evm: LocalEvm) -> Contract:
        holders = [self["user"], self["rival"], self["stranger"]]
        return evm.deploy("Tickets.json", holders, list(self.batches), sender=evm.account("owner"))

    def tokens(self) -> Iterable[int]:
        return range(sum(self.batches))
