"""How much a provider may have charged in a channel, from what its payer sent and got.

An honest provider has charged what others had before (`base`, or up to `over` more), the fees of the answers that hold,
and for each request without such an answer anything up to its most. Its word about the sum is taken within that. While
a request may still be charged, the word moves nothing but the sum: whether it counts that request is not known yet.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Owed"]


@dataclass(frozen=True)
class Owed:
    """One channel's sums, in the token's smallest unit."""

    base: int  # charged before this client's own requests
    over: int  # by how much more that may have been
    fees: int  # of answers that hold
    charged: int  # by the newest word
    unsure: int  # the most of all requests without an answer that holds
    undecided: int  # of it, of those that wait for an answer, or were lost so lately that one may still be charged

    @property
    def most(self) -> int:
        """Charged at most, and so what a voucher names at most."""
        return self.base + self.over + self.fees + self.unsure

    def voucher(self, due: int) -> int:
        """What a voucher has to name so that `due` above the newest word is paid. Requests that this word counts
        already are not paid twice."""
        return min(self.charged + due, self.most)

    def adopted(self, said: int, proven: int) -> tuple[int, int] | None:
        """`base` and `over` after a provider's word for what it has charged; None when that is not within what may
        have been. A channel of which nothing was kept may have cost what a voucher of ours is `proven` to name."""
        if not self.charged <= said <= (self.most if self.charged else max(self.most, proven)):
            return None
        if not self.undecided:
            return said - self.fees, 0
        if said <= self.most:
            return self.base, self.over
        return said - self.fees - self.unsure, self.unsure
