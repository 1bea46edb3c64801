# pragma version 0.4.0
# A pool that mints the square root of a deposit as shares, and burns the square of shares for it.

DIGITS: constant(decimal) = 10_000_000_000.0

deposits: public(HashMap[address, decimal])
shares: public(HashMap[address, decimal])


@external
def deposit(amount: uint64):
    """`amount` counts the smallest part of a coin, of which there are 10^10."""
    self.deposits[msg.sender] += convert(amount, decimal) / DIGITS
    self.shares[msg.sender] = sqrt(self.deposits[msg.sender])


@external
@view
def owed(who: address) -> decimal:
    return self.shares[who] * self.shares[who]
