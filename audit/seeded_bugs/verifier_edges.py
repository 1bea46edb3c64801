"""Bugs of DataVerifier in what it does with contradictions, which people make in these short ways alone."""

from __future__ import annotations

from evmstorm.mutation.seeded_bugs import seeder

__all__ = ["BUGS"]

_bug = seeder("inft/lib/liability.vy", "DataVerifier")

BUGS = [
    _bug("another deadline contradicts", "_second.move, _second.items, _second.terms.backing)", "_second.move, _second.items, _second.terms.deadline)"),
    _bug("a contradiction twice", '    assert not self.contradicted[_token][_nonce][attestor], "verifier: contradiction was proved"\n', ""),
    _bug("anybody contradicts itself", '    assert attestors.weights[attestor] != 0, "verifier: not signed by an attestor"\n', ""),
    _bug("two signers contradict", '    assert attestor == self._signer_of(self._statement(_token, _nonce, _second), _second_signature), (\n        "verifier: not one signer"\n    )\n', ""),
    _bug("a reward without the hub's fifth", "attestors._slash(attestor, self._damages(REWARD), PENALTY)", "attestors._slash(attestor, REWARD, PENALTY)"),
    _bug("the reward is the attestor's", "    self.credits[msg.sender] += reward\n", "    self.credits[attestor] += reward\n"),
]  # fmt: skip
