"""Bugs of ComputeOrders, as somebody else would have written them."""

from __future__ import annotations

from evmstorm.mutation.seeded_bugs import seeder

__all__ = ["BUGS"]

_bug = seeder("compute/ComputeOrders.vy", "ComputeOrders")

BUGS = [
    _bug("an order without its fee", "    token_transfers._pull(payouts.token, _fee)\n", ""),
    _bug("a deadline that has passed", "block.timestamp < _deadline and _deadline <= block.timestamp + LONGEST", "_deadline <= block.timestamp + LONGEST"),
    _bug("an order for ever", " and _deadline <= block.timestamp + LONGEST", ""),
    _bug("more requests than a batch has", " and _count <= MAX_REQUESTS", ""),
    _bug("anybody cancels", '    assert msg.sender == order.client, "orders: not the client"\n    assert order.accepted == 0', "    assert order.accepted == 0"),
    _bug("cancelled under the provider's hands", '    assert order.accepted == 0, "orders: order is accepted"\n    self._refund', "    self._refund"),
    _bug("cancelled twice", '    assert not order.over, "orders: order is over"\n', ""),
    _bug("anybody asks", '    assert msg.sender == order.client, "orders: not the client"\n    assert order.until > 0', "    assert order.until > 0"),
    _bug("asked before anything was handed in", '    assert order.until > 0, "orders: nothing was submitted"\n    assert block.timestamp <= order.until', "    assert order.until == 0 or block.timestamp <= order.until"),
    _bug("asked too late", '    assert block.timestamp <= order.until, "orders: too late to ask"\n', ""),
    _bug("the same question again", '    assert self._deadlines[_order][_index] == 0, "orders: asked before"\n', ""),
    _bug("a question that was never ordered", " and merkle._root(leaf, _proof) == order.requests", ""),
    _bug("a question beyond the count", "_index < order.count and ", ""),
    _bug("asked without a bond", "    token_transfers._pull(payouts.token, bond)\n", ""),
    _bug("anybody accepts", '    assert _provider in [msg.sender, self._speaks_for(msg.sender, hotkeys.TRANSACTION)], "orders: not the provider"\n', "    pass\n"),
    _bug("a receipt key takes orders", "self._speaks_for(msg.sender, hotkeys.TRANSACTION)", "self._speaks_for(msg.sender, hotkeys.RECEIPT)"),
    _bug("accepted twice", '    assert order.accepted == 0, "orders: order is accepted"\n    assert block.timestamp', "    assert block.timestamp"),
    _bug("accepted after the deadline", '    assert order.accepted == 0, "orders: order is accepted"\n    assert block.timestamp <= order.deadline, "orders: deadline has passed"\n', '    assert order.accepted == 0, "orders: order is accepted"\n'),
    _bug("accepted without a service", "    self._check_service(order, block.timestamp, order.deadline)\n", ""),
    _bug("a service that ends before the deadline", "self._check_service(order, block.timestamp, order.deadline)", "self._check_service(order, block.timestamp, block.timestamp)"),
    _bug("accepted after the removal", '    assert staticcall hub.listed(market.address), "orders: market not listed"\n', ""),
    _bug("results after the deadline", '    assert order.until == 0, "orders: already submitted"\n    assert block.timestamp <= order.deadline, "orders: deadline has passed"\n', '    assert order.until == 0, "orders: already submitted"\n'),
    _bug("results are exchanged", '    assert order.until == 0, "orders: already submitted"\n', ""),
    _bug("the service has ended meanwhile", "    self._check_service(order, order.accepted, block.timestamp)\n", ""),
    _bug("another service stands for the first", "self._check_service(order, order.accepted, block.timestamp)", "self._check_service(order, block.timestamp, block.timestamp)"),
    _bug("nobody signs the results", '    assert self._speaks_for(key, hotkeys.RECEIPT) == order.provider, "orders: not the provider\'s key"\n', ""),
    _bug("a transaction key signs results", "self._speaks_for(key, hotkeys.RECEIPT)", "self._speaks_for(key, hotkeys.TRANSACTION)"),
    _bug("answered too late", '    assert block.timestamp <= self._due(_order, _index), "orders: no answer is due"\n', '    assert self._due(_order, _index) > 0, "orders: no answer is due"\n'),
    _bug("a receipt of another order", "        _receipt.channelId == self._channel(_order)\n        and convert", "        convert"),
    _bug("a receipt of another number", "        and convert(_receipt.number, uint256) == _index + 1\n", ""),
    _bug("a receipt of another environment", "        and _receipt.environment == order.environment\n", ""),
    _bug("a receipt of before the service", "order.accepted <= time and time <= order.until - answer_window", "time <= order.until - answer_window"),
    _bug("a receipt of after the service", "order.accepted <= time and time <= order.until - answer_window", "order.accepted <= time"),
    _bug("a promotion that was never given", '        assert at_block > 0, "orders: no such promotion"\n', ""),
    _bug("an answer to another request", '    assert _receipt.requestHash == self._requests[_order][_index], "orders: another request"\n', ""),
    _bug("another answer", '    assert _receipt.responseHash == keccak256(_response), "orders: another response"\n', ""),
    _bug("an answer that was not handed in", '    assert merkle._root(leaf, _proof) == order.results, "orders: not in the results"\n', ""),
    _bug("the bond is the caller's", "self._end_demand(_order, _index, order.open, order.provider)", "self._end_demand(_order, _index, order.open, msg.sender)"),
    _bug("an answer leaves its question open", "    self._requests[_order][_index] = empty(bytes32)\n", ""),
    _bug("closed before it was due", "    assert block.timestamp > self._due(_order, _index)", "    assert block.timestamp >= self._due(_order, _index)"),
    _bug("the fee comes back for each question", "    if not order.over:\n        self._refund(_order, order)", "    self._refund(_order, order)"),
    _bug("no answer, and the fee stays", "    if not order.over:\n        self._refund(_order, order)\n", ""),
    _bug("paid while the client may ask", "assert block.timestamp > order.until and order.open == 0", "assert order.open == 0"),
    _bug("paid while an answer is due", "assert block.timestamp > order.until and order.open == 0", "assert block.timestamp > order.until"),
    _bug("paid twice", "    self._orders[_order].over = True\n    log IComputeOrders.Completed", "    log IComputeOrders.Completed"),
    _bug("the fee is nobody's", "    extcall hub.reward(order.provider, order.fee)\n", ""),
    _bug("taken back before the deadline", "order.until == 0 and block.timestamp > order.deadline", "order.until == 0"),
    _bug("taken back after the results", "order.until == 0 and block.timestamp > order.deadline", "block.timestamp > order.deadline"),
    _bug("the fee is the caller's", "    payouts.credits[_state.client] += _state.fee\n", "    payouts.credits[msg.sender] += _state.fee\n"),
]  # fmt: skip
