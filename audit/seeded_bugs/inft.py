"""Bugs of IntelligentNFT, DataVerifier and their modules."""

from __future__ import annotations

from functools import partial

from evmstorm.mutation.seeded_bugs import Bug

__all__ = ["BUGS"]

NFT, VERIFIER = "inft/IntelligentNFT.vy", "inft/DataVerifier.vy"
TOKENS, LINEAGE, USAGE = "inft/lib/tokens.vy", "inft/lib/lineage.vy", "inft/lib/usage.vy"
ATTESTORS, LIABILITY = "inft/lib/attestors.vy", "inft/lib/liability.vy"

_token = partial(Bug, contracts=("IntelligentNFT",))
_verifier = partial(Bug, contracts=("DataVerifier",))

BUGS = [
    _token("a private token moves plainly", TOKENS, '    assert word & PRIVATE == 0, "inft: private data moves by iTransfer"\n', ""),
    _token("an approval outlives the move", TOKENS, "    if approval >> 160 != self._moves(_word):\n", "    if approval == 0:\n"),
    _token("moves are not counted", TOKENS, "(_word & ~OWNER) + ONE_MOVE |", "(_word & ~OWNER) |"),
    _token("a burned number is minted again", TOKENS, 'assert self.words[_token_id] == 0, "inft: token was minted before"', 'assert self.words[_token_id] & OWNER == 0, "inft: token was minted before"'),
    _token("balances stay after a burn", TOKENS, "    self.balances[_owner] = unsafe_sub(self.balances[_owner], 1)\n    log IERC721.Transfer(sender=_owner, receiver=empty(address)", "    log IERC721.Transfer(sender=_owner, receiver=empty(address)"),
    _token("anybody moves", TOKENS, "        or self.isApprovedForAll[owner][_account]\n", "        or True\n"),
    _token("a proof for other data", NFT, '        assert outputs[i].oldDataHash == was, "inft: proof is for other data"\n', ""),
    _token("the old data stays", NFT, "        self.data[target][i] = outputs[i].newDataHash\n", "        self.data[target][i] = was\n"),
    _token("fewer proofs than items", NFT, '    assert len(_proofs) == count, "inft: not one proof an item"\n', '    assert len(_proofs) <= count, "inft: not one proof an item"\n'),
    _token("anybody renews data", NFT, '    assert msg.sender == owner, "inft: not the owner"\n    assert word & tokens.PRIVATE', '    assert word & tokens.PRIVATE'),
    _token("a clone beyond the cap", LINEAGE, "terms.clones < terms.clone_cap", "terms.clones <= terms.clone_cap"),
    _token("generations without an end", LINEAGE, "terms.generations - 1)", "terms.generations)"),
    _token("the first creator gets the half", LINEAGE, "left if parent == 0 else left // 2", "left // 2"),
    _token("free users outlive the sale", USAGE, "return word != 0 and word >> 16 == _moves", "return word != 0"),
    _token("an offer outlives the sale", USAGE, "    if word == 0 or word >> 112 != _moves:\n", "    if word == 0:\n"),
    _token("a lease one second too long", USAGE, "return block.timestamp < _lease.expires_at and", "return block.timestamp <= _lease.expires_at and"),
    _token("one use too many", USAGE, "_uses <= running.quota - running.used", "_uses <= running.quota - running.used + 1"),
    _token("the price changes under the user", USAGE, 'assert keccak256(abi_encode(offer)) == keccak256(abi_encode(_offer)), "inft: offer has changed"', 'assert offer.duration == _offer.duration, "inft: offer has changed"'),
    _token("a leased token is burned", NFT, '    assert usage.last_lease[_token_id] <= block.timestamp, "inft: token is leased"\n', ""),
    _token("the last lease is forgotten", USAGE, "max(self.last_lease[_token_id], expires_at)", "expires_at"),
    _verifier("a nonce twice", LIABILITY, '    assert self.transfers[_token][_nonce] == 0, "verifier: nonce was used"\n', ""),
    _verifier("a proof one second late", VERIFIER, 'assert block.timestamp <= terms.deadline, "verifier: proof has expired"', 'assert block.timestamp <= terms.deadline + 1, "verifier: proof has expired"'),
    _verifier("signed in an epoch to come", VERIFIER, '    assert terms.epoch <= attestors._epoch(), "verifier: signed in an epoch to come"\n', ""),
    _verifier("anybody attests", VERIFIER, '        assert attestors.weights[signer] != 0, "verifier: not signed by an attestor"\n', ""),
    _verifier("attestors without coins", LIABILITY, '        assert weight >= attestors.LEAST, "verifier: attestor does not count"\n', ""),
    _verifier("the receiver has not signed", VERIFIER, '    assert signatures._signed(_move.receiver, _access, _signature), "verifier: receiver has not signed"\n', ""),
    _verifier("promises beyond the coins", LIABILITY, '            assert reserve <= weight, "verifier: lock too small"\n', ""),
    _verifier("the penalty is not reserved", LIABILITY, "    if needed > 0:\n        needed += PENALTY\n", ""),
    _verifier("a wrong key twice", LIABILITY, '    assert word & WRONG == 0, "verifier: wrong key was proved"\n', ""),
    _verifier("complaints for ever", LIABILITY, '    assert block.timestamp <= word & UNTIL, "verifier: complaint window is over"\n', ""),
    _verifier("a right key convicts", LIABILITY, '    assert keccak256(key) != _item.key_hash, "verifier: key is right"\n', ""),
    _verifier("damages without the hub's fifth", LIABILITY, "return (_paid * 5 + 3) // 4", "return _paid"),
    _verifier("freed in the last second", LIABILITY, 'assert block.timestamp > word & UNTIL, "verifier: complaint window is open"', 'assert block.timestamp >= word & UNTIL, "verifier: complaint window is open"'),
    _verifier("freed twice", LIABILITY, "share > 0 and word & FREED == 0", "share > 0"),
    _verifier("another deadline contradicts", LIABILITY, "_second.move, _second.items, _second.terms.backing)", "_second.move, _second.items, _second.terms.deadline)"),
    _verifier("a contradiction twice", LIABILITY, '    assert not self.contradicted[_token][_nonce][attestor], "verifier: contradiction was proved"\n', ""),
    _verifier("anybody contradicts itself", LIABILITY, '    assert attestors.weights[attestor] != 0, "verifier: not signed by an attestor"\n', ""),
    _verifier("two signers contradict", LIABILITY, '    assert attestor == self._signer_of(self._statement(_token, _nonce, _second), _second_signature), (\n        "verifier: not one signer"\n    )\n', ""),
    _verifier("a penalty out of a promise", LIABILITY, "    if attestors.reserves[attestor] > 0:\n", "    if attestors.reserves[attestor] == max_value(uint256):\n"),
    _verifier("an unbacked penalty out of a promise", LIABILITY, "penalty = min(PENALTY, attestors._spare(signer))", "penalty = PENALTY"),
    _verifier("the reward is the attestor's", LIABILITY, "    self._credit(msg.sender)\n", "    self._credit(attestor)\n"),
    _verifier("coins are asked back at once", ATTESTORS, '    assert block.timestamp >= state.release_at, "verifier: too early"\n', ""),
    _verifier("open promises are released", ATTESTORS, '    assert lock - amount >= self.reserves[msg.sender], "verifier: promises are open"\n', ""),
    _verifier("removed without notice", ATTESTORS, "state.removed_from != 0 and state.removed_from <= self._epoch()", "state.removed_from != 0"),
    _verifier("additions count at once", ATTESTORS, "max(self._epoch() + MATURITY, state.joins_from)", "self._epoch()"),
    _verifier("what leaves still counts", ATTESTORS, "self._cut(self._now(_attestor), _lock - state.leaving)", "self._cut(self._now(_attestor), _lock)"),
]  # fmt: skip
