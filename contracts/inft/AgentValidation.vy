# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title AgentValidation
@license MIT
@notice Validation registry of ERC-8004 for chains that have none: an agent's owner asks a validator, and that one answers
    with a number from 0 to 100, as often as it learns more. Calls, events and answers are those of the deployed contracts
    of version 2.0.0.
@dev No writing call walks a list. Summaries and lists walk, inside limits; `requests_from` pages.
@custom:security An answer is worth what its validator is: whoever reads names the validators that it trusts. The owner
    chooses what is asked: a request hash should commit to it, as those of `ProofValidator` do.
@custom:kill Cannot be stopped, and nobody can change it.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IAgentIdentity
from ..interfaces import IAgentValidation

implements: IAgentValidation


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from .lib import erc8004

exports: erc8004.getVersion


# ############################################################## #
#                             STRUCTS                            #
# ############################################################## #

struct Status:
    validator: address
    agent: uint256
    response: uint8
    answered: bool
    hash: bytes32
    tag: String[64]
    time: uint256


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# The best answer.
MOST: constant(uint8) = 100

# Longest tag and address of a file, bytes.
MAX_TAG: constant(uint256) = 64
MAX_URI: constant(uint256) = 1_024

# Validators that a reader can name at once, and requests that one call reads.
MAX_NAMED: constant(uint256) = 100
MAX_LISTED: constant(uint256) = 500


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Where the agents are.
IDENTITY: immutable(IAgentIdentity)


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# hash of a request -> where it stands.
statuses: HashMap[bytes32, Status]

# agent, and validator -> requests, in order.
agent_counts: HashMap[uint256, uint256]
agent_requests: HashMap[uint256, HashMap[uint256, bytes32]]
validator_counts: HashMap[address, uint256]
validator_requests: HashMap[address, HashMap[uint256, bytes32]]


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_identity: address):
    """
    @param _identity Where the agents are.
    """
    assert _identity != empty(address), "validation: no identity registry"
    IDENTITY = IAgentIdentity(_identity)


# ############################################################## #
#                         OWNER FUNCTIONS                        #
# ############################################################## #

@external
def validationRequest(
    _validatorAddress: address, _agentId: uint256, _requestURI: String[MAX_URI], _requestHash: bytes32
):
    """
    @notice Ask a validator about the caller's agent.
    @param _requestHash Commits to what is asked; counts once.
    """
    assert _validatorAddress != empty(address), "validation: no validator"
    assert self.statuses[_requestHash].validator == empty(address), "validation: was requested"
    assert staticcall IDENTITY.isAuthorizedOrOwner(msg.sender, _agentId), "validation: not authorized"
    self.statuses[_requestHash].validator = _validatorAddress
    self.statuses[_requestHash].agent = _agentId
    self.statuses[_requestHash].time = block.timestamp
    place: uint256 = self.agent_counts[_agentId]
    self.agent_requests[_agentId][place] = _requestHash
    self.agent_counts[_agentId] = place + 1
    place = self.validator_counts[_validatorAddress]
    self.validator_requests[_validatorAddress][place] = _requestHash
    self.validator_counts[_validatorAddress] = place + 1
    log IAgentValidation.ValidationRequest(
        validatorAddress=_validatorAddress, agentId=_agentId, requestURI=_requestURI, requestHash=_requestHash
    )


# ############################################################## #
#                       VALIDATOR FUNCTIONS                      #
# ############################################################## #

@external
def validationResponse(
    _requestHash: bytes32,
    _response: uint8,
    _responseURI: String[MAX_URI],
    _responseHash: bytes32,
    _tag: String[MAX_TAG],
):
    """
    @notice Answer a request, or answer it anew.
    @param _response From 0 to 100.
    """
    status: Status = self.statuses[_requestHash]
    assert status.validator != empty(address), "validation: no such request"
    assert msg.sender == status.validator, "validation: not the validator"
    assert _response <= MOST, "validation: response above 100"
    status.response = _response
    status.answered = True
    status.hash = _responseHash
    status.tag = _tag
    status.time = block.timestamp
    self.statuses[_requestHash] = status
    log IAgentValidation.ValidationResponse(
        validatorAddress=status.validator,
        agentId=status.agent,
        requestHash=_requestHash,
        response=_response,
        responseURI=_responseURI,
        responseHash=_responseHash,
        tag=_tag,
    )


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
@reentrant
def getIdentityRegistry() -> address:
    """
    @notice Where the agents are.
    """
    return IDENTITY.address


@external
@view
@reentrant
def getValidationStatus(_requestHash: bytes32) -> (address, uint256, uint8, bytes32, String[MAX_TAG], uint256):
    """
    @notice A request: validator, agent, answer, its hash and tag, and when that was, or the request, in unix seconds.
    """
    status: Status = self.statuses[_requestHash]
    assert status.validator != empty(address), "validation: no such request"
    return status.validator, status.agent, status.response, status.hash, status.tag, status.time


@external
@view
@reentrant
def getSummary(
    _agentId: uint256, _validatorAddresses: DynArray[address, MAX_NAMED], _tag: String[MAX_TAG]
) -> (uint64, uint8):
    """
    @notice Answers of the named validators, or of all, about an agent, and their mean. An empty tag is any.
    """
    total: uint256 = 0
    count: uint256 = 0
    requests: uint256 = self.agent_counts[_agentId]
    assert requests <= MAX_LISTED, "validation: too much to read"
    for i: uint256 in range(requests, bound=MAX_LISTED):
        status: Status = self.statuses[self.agent_requests[_agentId][i]]
        if not status.answered or (len(_tag) > 0 and status.tag != _tag):
            continue
        if len(_validatorAddresses) == 0 or status.validator in _validatorAddresses:
            total += convert(status.response, uint256)
            count += 1
    if count == 0:
        return 0, 0
    return convert(count, uint64), convert(total // count, uint8)


@external
@view
@reentrant
def getAgentValidations(_agentId: uint256) -> DynArray[bytes32, MAX_LISTED]:
    """
    @notice The first requests about an agent; `requests_from` has the others.
    """
    return self._agent_requests(_agentId, 0)


@external
@view
@reentrant
def getValidatorRequests(_validatorAddress: address) -> DynArray[bytes32, MAX_LISTED]:
    """
    @notice The first requests to a validator; `requests_to` has the others.
    """
    return self._validator_requests(_validatorAddress, 0)


@external
@view
@reentrant
def requests_from(_agent_id: uint256, _start: uint256) -> DynArray[bytes32, MAX_LISTED]:
    """
    @notice Requests about an agent in order, from number `_start`, counted from 0.
    """
    return self._agent_requests(_agent_id, _start)


@external
@view
@reentrant
def requests_to(_validator: address, _start: uint256) -> DynArray[bytes32, MAX_LISTED]:
    """
    @notice Requests to a validator in order, from number `_start`, counted from 0.
    """
    return self._validator_requests(_validator, _start)


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _agent_requests(_agent: uint256, _start: uint256) -> DynArray[bytes32, MAX_LISTED]:
    found: DynArray[bytes32, MAX_LISTED] = []
    for i: uint256 in range(MAX_LISTED):
        if _start + i >= self.agent_counts[_agent]:
            break
        found.append(self.agent_requests[_agent][_start + i])
    return found


@internal
@view
def _validator_requests(_validator: address, _start: uint256) -> DynArray[bytes32, MAX_LISTED]:
    found: DynArray[bytes32, MAX_LISTED] = []
    for i: uint256 in range(MAX_LISTED):
        if _start + i >= self.validator_counts[_validator]:
            break
        found.append(self.validator_requests[_validator][_start + i])
    return found
