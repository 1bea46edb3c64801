# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title ProofValidator
@license MIT
@notice A validator of ERC-8004 that answers what the chain itself knows: whether the court has convicted the operator of
    an agent, and whether an auditor's attestation about the agent's data stands. Nobody's opinion is asked: anybody lets
    it answer, and it reads the verdict.
@dev A request commits to what is asked: kind, agent, whom or what it is about, and a salt, so that one can be asked
    anew. The response's hash names the verdict that was read.
@custom:security Answers are as of their time: whoever relies on one lets it answer again. 100 to a question about faults
    says that no conviction was shown here, not that there is none. The agent's owner chooses which operator, attester
    and record are asked about: readers look at those.
@custom:kill Cannot be stopped. It answers nothing that court and registry do not say.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IAgentIdentity
from ..interfaces import IAgentValidation
from ..interfaces import IAlignmentCourt
from ..interfaces import IProofValidator
from ..interfaces import IProvenanceRegistry

implements: IProofValidator


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# What is asked.
FAULTS: constant(bytes32) = keccak256("proven faults")
AUDIT: constant(bytes32) = keccak256("audit")

# Answers, and what they are tagged with.
GOOD: constant(uint8) = 100
BAD: constant(uint8) = 0
FAULTS_TAG: constant(String[13]) = "proven-faults"
AUDIT_TAG: constant(String[5]) = "audit"

# The court's verdict that convicts, and a record's state that is sound.
CONVICTED: constant(uint256) = 2
ACTIVE: constant(uint8) = 1

# A record whose lineage the registry does not know: anybody stores it there.
UNKNOWN: constant(uint8) = 0


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Where it answers, and where the agents are.
validation: public(immutable(IAgentValidation))
identity: public(immutable(IAgentIdentity))

# What it reads.
court: public(immutable(IAlignmentCourt))
registry: public(immutable(IProvenanceRegistry))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# request -> a fault was shown: it stays one.
is_faulty: public(HashMap[bytes32, bool])


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_validation: address, _court: address, _registry: address):
    """
    @param _validation Where it answers.
    @param _court Says who was convicted.
    @param _registry Has the records and the attestations about them.
    """
    assert _court != empty(address) and _registry != empty(address), "validator: nothing to read"
    validation = IAgentValidation(_validation)
    identity = IAgentIdentity(staticcall validation.getIdentityRegistry())
    court = IAlignmentCourt(_court)
    registry = IProvenanceRegistry(_registry)


# ############################################################## #
#                    PERMISSIONLESS FUNCTIONS                    #
# ############################################################## #

@external
def answer_clean(_agent_id: uint256, _operator: address, _salt: bytes32) -> bytes32:
    """
    @notice Answer 100: no fault of the agent's operator was shown here until now. The operator is the agent's wallet,
        which has signed that it is.
    @return The request's hash.
    """
    assert _operator != empty(address), "validator: no operator"
    assert staticcall identity.getAgentWallet(_agent_id) == _operator, "validator: not the agent's operator"
    request: bytes32 = self._faults(_agent_id, _operator, _salt)
    assert not self.is_faulty[request], "validator: fault was shown"
    extcall validation.validationResponse(request, GOOD, "", empty(bytes32), FAULTS_TAG)
    return request


@external
def answer_fault(_agent_id: uint256, _operator: address, _salt: bytes32, _case: uint256) -> bytes32:
    """
    @notice Answer 0, for ever: the court has convicted the operator that the request names.
    @return The request's hash.
    """
    case: IAlignmentCourt.Case = staticcall court.get_case(_case)
    assert case.operator == _operator, "validator: case is of another"
    assert case.verdict == CONVICTED and staticcall court.over(_case), "validator: nobody was convicted"
    request: bytes32 = self._faults(_agent_id, _operator, _salt)
    assert not self.is_faulty[request], "validator: fault was shown"
    self.is_faulty[request] = True
    proof: bytes32 = keccak256(abi_encode(court.address, _case, case.service, _operator))
    extcall validation.validationResponse(request, BAD, "", proof, FAULTS_TAG)
    log IProofValidator.FaultShown(request=request, agent_id=_agent_id, case_id=_case)
    return request


@external
def answer_audit(
    _agent_id: uint256,
    _attester: address,
    _schema: bytes32,
    _record: IProvenanceRegistry.Record,
    _salt: bytes32,
) -> uint8:
    """
    @notice Answer 100 if the attester's attestation about a record stands, the record and all it was made of are
        active, and the record's digest is the hash of the agent's data of now; 0 otherwise.
    @return The answer.
    """
    id: bytes32 = staticcall registry.record_id(_record)
    data: bytes32 = staticcall identity.data_of(_agent_id)
    found: bytes32 = empty(bytes32)
    status: uint8 = 0
    found, status = staticcall registry.soundness_of(id)
    assert status != UNKNOWN, "validator: lineage is not stored"
    answer: uint8 = BAD
    if _record.digest == data and status == ACTIVE:
        if staticcall registry.is_standing(_attester, _schema, id, 0):
            answer = GOOD
    proof: bytes32 = keccak256(abi_encode(registry.address, _attester, _schema, id, data))
    extcall validation.validationResponse(
        self._audit(_agent_id, _attester, _schema, id, _salt), answer, "", proof, AUDIT_TAG
    )
    return answer


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
@reentrant
def fault_request(_agent_id: uint256, _operator: address, _salt: bytes32) -> bytes32:
    """
    @notice Hash of the request whether the court has convicted an agent's operator.
    """
    return self._faults(_agent_id, _operator, _salt)


@external
@view
@reentrant
def audit_request(
    _agent_id: uint256, _attester: address, _schema: bytes32, _record: bytes32, _salt: bytes32
) -> bytes32:
    """
    @notice Hash of the request whether an attestation about the agent's data stands.
    """
    return self._audit(_agent_id, _attester, _schema, _record, _salt)


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _faults(_agent: uint256, _operator: address, _salt: bytes32) -> bytes32:
    return keccak256(abi_encode(FAULTS, self, chain.id, _agent, _operator, _salt))


@internal
@view
def _audit(_agent: uint256, _attester: address, _schema: bytes32, _record: bytes32, _salt: bytes32) -> bytes32:
    return keccak256(abi_encode(AUDIT, self, chain.id, _agent, _attester, _schema, _record, _salt))
