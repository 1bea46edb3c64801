"""Bugs of AgentIdentity, AgentReputation and AgentValidation: ten of each."""

from __future__ import annotations

from functools import partial

from evmstorm.mutation.seeded_bugs import Bug

__all__ = ["BUGS"]

IDENTITY, REPUTATION, VALIDATION = (f"inft/Agent{name}.vy" for name in ("Identity", "Reputation", "Validation"))
TOKENS, EDITIONS = "inft/lib/tokens.vy", "inft/lib/editions.vy"

_identity = partial(Bug, contracts=("AgentIdentity",))
_reputation = partial(Bug, contracts=("AgentReputation",))
_validation = partial(Bug, contracts=("AgentValidation",))

BUGS = [
    _identity("a wallet outlives the sale", IDENTITY, "    if wallet >> 160 != tokens._moves(tokens.words[_agent]):\n", "    if wallet == 0:\n"),
    _identity("a wallet that has not signed", IDENTITY, '    assert signatures._signed(_newWallet, said, _signature), "identity: wallet has not signed"\n', ""),
    _identity("signed for another owner", IDENTITY, "WALLET_TYPE, _agentId, _newWallet, owner, _deadline", "WALLET_TYPE, _agentId, _newWallet, msg.sender, _deadline"),
    _identity("a signature one second late", IDENTITY, "block.timestamp <= _deadline", "block.timestamp <= _deadline + 1"),
    _identity("a deadline of any time", IDENTITY, '    assert _deadline <= block.timestamp + MAX_DEADLINE_DELAY, "identity: deadline too far"\n', ""),
    _identity("anybody acts", IDENTITY, '    assert self._is_authorized(msg.sender, _agent), "identity: not authorized"\n', "    tokens._existing(_agent)\n"),
    _identity("operators do not act", TOKENS, "        or self.isApprovedForAll[owner][_account]\n", ""),
    _identity("a token of somebody else's", IDENTITY, '        assert staticcall collection.ownerOf(_token_id) == msg.sender, "identity: not the token\'s owner"\n', ""),
    _identity("a token is two agents'", IDENTITY, "token_id if self.agents_of[token_id] == _agent + 1 else 0", "token_id"),
    _identity("the wallet is not taken away", IDENTITY, "    self.wallets[_agentId] = 0\n", ""),
    _identity("a transfer that says nothing of the wallet", IDENTITY, '    self._log_wallet(_agent, b"")\n    tokens._transfer_plain', "    tokens._transfer_plain"),
    _identity("an approval outlives the move", TOKENS, "    if approval >> 160 != self._moves(_word):\n", "    if approval == 0:\n"),
    _reputation("an agent speaks of itself", REPUTATION, '    assert not staticcall editions.IDENTITY.isAuthorizedOrOwner(\n        msg.sender, _agentId\n    ), "reputation: agent speaks of itself"\n', ""),
    _reputation("values without a bound", REPUTATION, "-MAX_VALUE <= _value and _value <= MAX_VALUE", "_value <= MAX_VALUE"),
    _reputation("feedback is taken back twice", REPUTATION, '    assert word & REVOKED == 0, "reputation: was revoked"\n', ""),
    _reputation("what was revoked counts", REPUTATION, "(said.word >> EDITION_AT) < since or said.word & REVOKED != 0 or", "(said.word >> EDITION_AT) < since or"),
    _reputation("what was said before counts", REPUTATION, "(said.word >> EDITION_AT) < since or ", ""),
    _reputation("the wrong decimals", REPUTATION, "if tally[i] > tally[decimals]", "if tally[i] >= tally[decimals]"),
    _reputation("tags do not count", REPUTATION, "(len(_tag1) == 0 or _said.tag1 == _tag1) and ", ""),
    _reputation("anybody carries", EDITIONS, '    assert staticcall IDENTITY.isAuthorizedOrOwner(msg.sender, _agent_id), "reputation: not authorized"\n', ""),
    _reputation("carried twice", EDITIONS, "self.since[_agent_id][edition] == edition and edition > 0", "edition > 0"),
    _reputation("carried back to the first", EDITIONS, "since: uint256 = self.since[_agent_id][edition - 1]", "since: uint256 = 0"),
    _reputation("a change is noted for nothing", EDITIONS, "    if edition.number == before:\n        return False\n", ""),
    _reputation("responses of a client are not added up", REPUTATION, "        self.responses[_agentId][_clientAddress][0][responder] += 1\n", ""),
    _validation("anybody asks", VALIDATION, '    assert staticcall IDENTITY.isAuthorizedOrOwner(msg.sender, _agentId), "validation: not authorized"\n', ""),
    _validation("a request twice", VALIDATION, '    assert self.statuses[_requestHash].validator == empty(address), "validation: was requested"\n', ""),
    _validation("anybody answers", VALIDATION, '    assert msg.sender == status.validator, "validation: not the validator"\n', ""),
    _validation("an answer above the best", VALIDATION, '    assert _response <= MOST, "validation: response above 100"\n', ""),
    _validation("an answer to nothing", VALIDATION, '    assert status.validator != empty(address), "validation: no such request"\n    assert msg.sender', "    assert msg.sender"),
    _validation("the first answer stays", VALIDATION, "    status.response = _response\n", "    status.response = status.response if status.answered else _response\n"),
    _validation("silence is an answer", VALIDATION, "if not status.answered or (", "if ("),
    _validation("every validator counts", VALIDATION, "len(_validatorAddresses) == 0 or status.validator in _validatorAddresses", "True"),
    _validation("the last request is lost", VALIDATION, "    self.agent_counts[_agentId] = place + 1\n", "    self.agent_counts[_agentId] = max(place, 1)\n"),
    _validation("the mean is rounded up", VALIDATION, "convert(total // count, uint8)", "convert((total + count - 1) // count, uint8)"),
]  # fmt: skip
