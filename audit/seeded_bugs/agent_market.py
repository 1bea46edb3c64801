"""Bugs of AgentMarket."""

from __future__ import annotations

from evmstorm.mutation.seeded_bugs import seeder

__all__ = ["BUGS"]

_bug = seeder("inft/AgentMarket.vy", "AgentMarket")

BUGS = [
    _bug("the seller has not signed", '    assert self._agrees(seller, sale_id, _seller_signature), "market: seller has not signed"\n', ""),
    _bug("the buyer has not signed", '    assert self._agrees(buyer, sale_id, _buyer_signature), "market: buyer has not signed"\n', ""),
    _bug("an order twice", "    self._use(seller, _order.nonce)\n    self._use(buyer, _order.nonce)\n", ""),
    _bug("a cancelled order", '    self._use(msg.sender, _nonce)\n    log IAgentMarket.Cancelled', '    log IAgentMarket.Cancelled'),
    _bug("only the seller's nonce", "    self._use(buyer, _order.nonce)\n", ""),
    _bug("an order one second late", 'assert block.timestamp <= _order.deadline, "market: order has expired"', 'assert block.timestamp <= _order.deadline + 1, "market: order has expired"'),
    _bug("any currency", '    assert self.is_listed[_order.currency], "market: currency is not listed"\n', ""),
    _bug("backed below the price", '        assert _order.backing >= _order.price, "market: backed below the price"\n', "        pass\n"),
    _bug("a token that came back", '    assert staticcall collection.transfer_count(_order.token_id) == _order.transfers, "market: token has moved"\n', ""),
    _bug("other data", '    assert staticcall collection.data_hash_of(_order.token_id) == _order.data, "market: data has changed"\n', ""),
    _bug("a lease behind the buyer's back", '    assert staticcall collection.leased_until(_order.token_id) <= _order.leased_until, "market: leased for longer"\n', ""),
    _bug("attestors back less", '        assert verdict.backing >= _order.backing, "market: attestors back less"\n', ""),
    _bug("released in the window", '    assert block.timestamp > verdict.until, "market: complaint window is open"\n', ""),
    _bug("released in the last second", 'assert block.timestamp > verdict.until, "market: complaint window is open"', 'assert block.timestamp >= verdict.until, "market: complaint window is open"'),
    _bug("a sale ends twice", "    self.sales[_sale].over = True\n", ""),
    _bug("a wrong key pays the seller", "self.credits[sale.buyer][sale.currency] += sale.price\n        log", "self.credits[sale.seller][sale.currency] += sale.price\n        log"),
    _bug("royalties on top of the price", "        rest -= share.amount\n", ""),
    _bug("withdrawn twice", "    self.credits[msg.sender][_currency] = 0\n", ""),
    _bug("anybody lists", '    assert msg.sender == owner, "market: not the owner"\n', ""),
]  # fmt: skip
