"""Bugs of ProofValidator."""

from __future__ import annotations

from functools import partial

from evmstorm.mutation.seeded_bugs import Bug

__all__ = ["BUGS"]

SOURCE = "inft/ProofValidator.vy"
_bug = partial(Bug, contracts=("ProofValidator",))
_SHOWN = '    assert not self.is_faulty[request], "validator: fault was shown"\n'

BUGS = [
    _bug("nobody is clean", SOURCE, '    assert _operator != empty(address), "validator: no operator"\n', ""),
    _bug("an operator that has not agreed", SOURCE, '    assert staticcall identity.getAgentWallet(_agent_id) == _operator, "validator: not the agent\'s operator"\n', ""),
    _bug("clean after a fault", SOURCE, _SHOWN + "    extcall", "    extcall"),
    _bug("a fault is shown twice", SOURCE, _SHOWN + "    self", "    self"),
    _bug("a fault is forgotten", SOURCE, "    self.is_faulty[request] = True\n", ""),
    _bug("a case of another", SOURCE, '    assert case.operator == _operator, "validator: case is of another"\n', ""),
    _bug("any verdict convicts", SOURCE, "case.verdict == CONVICTED and staticcall court.over(_case)", "staticcall court.over(_case)"),
    _bug("a fault is a good answer", SOURCE, "validationResponse(request, BAD,", "validationResponse(request, GOOD,"),
    _bug("the proof names another case", SOURCE, "abi_encode(court.address, _case, case.service", "abi_encode(court.address, _case + 1, case.service"),
    _bug("an audit of other data", SOURCE, "_record.digest == data and status == ACTIVE", "status == ACTIVE"),
    _bug("a record that was withdrawn", SOURCE, "_record.digest == data and status == ACTIVE", "_record.digest == data"),
    _bug("nobody attested", SOURCE, "        if staticcall registry.is_standing(_attester, _schema, id, 0):\n            answer = GOOD\n", "        answer = GOOD\n"),
    _bug("a lineage that nobody knows", SOURCE, '    assert status != UNKNOWN, "validator: lineage is not stored"\n', ""),
    _bug("the attestation of whoever calls", SOURCE, "is_standing(_attester, _schema, id, 0)", "is_standing(msg.sender, _schema, id, 0)"),
    _bug("the proof names no data", SOURCE, "_attester, _schema, id, data))", "_attester, _schema, id, empty(bytes32)))"),
    _bug("a request of every agent", SOURCE, "abi_encode(FAULTS, self, chain.id, _agent, _operator, _salt)", "abi_encode(FAULTS, self, chain.id, empty(uint256), _operator, _salt)"),
    _bug("faults and audits have one tag", SOURCE, 'answer, "", proof, AUDIT_TAG', 'answer, "", proof, FAULTS_TAG'),
]  # fmt: skip
