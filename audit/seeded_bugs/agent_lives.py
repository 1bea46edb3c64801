"""Bugs between an agent's sale, its leases and the sessions of its account."""

from __future__ import annotations

from evmstorm.mutation.seeded_bugs import seeder

__all__ = ["BUGS"]

SESSIONS, TOKENS, USAGE = (f"inft/lib/{name}.vy" for name in ("sessions", "tokens", "usage"))
_market = seeder("inft/AgentMarket.vy", "AgentMarket")
_account = seeder("inft/AgentAccount.vy", "AgentAccount")
_token = seeder(USAGE, "IntelligentNFT")

BUGS = [
    _market("an account that was emptied is sold as it was", '        assert staticcall IAgentAccount(_order.account).state() == _order.account_state, "market: account has acted"\n', "        pass\n"),
    _market("an account that did less than agreed", "state() == _order.account_state", "state() <= _order.account_state"),
    _market("a lease behind the buyer's back", '    assert staticcall collection.leased_until(_order.token_id) <= _order.leased_until, "market: leased for longer"\n', ""),
    _market("the seller has the royalties, too", "        rest -= share.amount\n", ""),
    _account("what a key does is not seen in the state", "    self._state = unsafe_add(self._state, 1)\n    sessions._run(msg.sender, _to, _value, _data)", "    sessions._run(msg.sender, _to, _value, _data)"),
    _account("a grant is not seen in the state", "    self._state = unsafe_add(self._state, 1)\n    sessions._grant(_grant, holding)", "    sessions._grant(_grant, holding)"),
    _account("a session outlives the sale", '    assert (word >> HOLDING_AT) & U64 == holding & U64, "account: token has a new owner"\n', "", SESSIONS),
    _account("a lease costs the session nothing", "        lost: uint256 = before[i] - min(before[i], after)\n", "        lost: uint256 = 0\n", SESSIONS),
    _account("each lease has a limit of its own", "limit | (spent + _lost) << SPENT_AT", "limit | _lost << SPENT_AT", SESSIONS),
    _account("one wei over the limit", "assert _lost <= limit - spent,", "assert _lost <= limit - spent + 1,", SESSIONS),
    _token("a move with data is not counted", "(_word & ~OWNER) + ONE_MOVE | convert(_to, uint256)", "(_word & ~OWNER) | convert(_to, uint256)", TOKENS),
    _token("a lease is paid to whoever leases", "transferFrom(msg.sender, owner, offer.price", "transferFrom(msg.sender, msg.sender, offer.price"),
    _token("a lease that orders do not see", "    self.last_lease[_token_id] = max(self.last_lease[_token_id], expires_at)\n", ""),
    _token("one use more than was leased", "_uses <= running.quota - running.used,", "_uses <= running.quota - running.used + 1,"),
    _token("a short lease hides a long one", "max(self.last_lease[_token_id], expires_at)", "expires_at"),
]  # fmt: skip
