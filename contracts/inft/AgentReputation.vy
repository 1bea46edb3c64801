# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title AgentReputation
@license MIT
@notice Reputation registry of ERC-8004 for chains that have none: clients say how an agent did, take it back, and anybody
    responds. Calls, events and answers are those of the deployed contracts of version 2.0.0. Ours besides: what is said
    counts for the data that the agent had then. When its data changes, summaries begin anew, until the agent's owner
    says in public that its reputation is carried on.
@dev Feedback of a client is numbered from 1. Each belongs to an edition of the agent's data; an edition begins when
    somebody notes that the data is another one, at the latest with the next feedback. No writing call walks a list:
    responses are counted where they come in. Summaries and lists walk, inside limits.
@custom:security Nobody checks that a client has used the agent: whoever reads chooses the clients that it trusts, and
    names them. An owner can ask friends for feedback. Whether new data is as good as the old, its owner says; the
    event tells who said so, and why.
@custom:kill Cannot be stopped, and nobody can change it.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IAgentReputation

implements: IAgentReputation


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from .lib import editions
from .lib import erc8004

initializes: editions
exports: (editions.note_change, editions.carry, editions.edition_of, erc8004.getVersion)


# ############################################################## #
#                             STRUCTS                            #
# ############################################################## #

struct Feedback:
    word: uint256  # value above the least 128 | decimals 8 | revoked 1 | edition of the agent's data
    tag1: String[64]
    tag2: String[64]


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# A value's largest amount, and its most decimals.
MAX_VALUE: constant(int128) = 10**38
MAX_DECIMALS: constant(uint8) = 18

# Widths in the word of a feedback.
MASK_8: constant(uint256) = 2**8 - 1
MASK_128: constant(uint256) = 2**128 - 1
DECIMALS_AT: constant(uint256) = 128
REVOKED: constant(uint256) = 1 << 136
EDITION_AT: constant(uint256) = 137

# Longest tag, endpoint and address of a file, bytes.
MAX_TAG: constant(uint256) = 64
MAX_ENDPOINT: constant(uint256) = 512
MAX_URI: constant(uint256) = 1_024

# Accounts that a reader can name at once, and feedback or clients that one call reads.
MAX_NAMED: constant(uint256) = 100
MAX_READ: constant(uint64) = 1_000
MAX_LISTED: constant(uint256) = 200

# Stands for all clients, all feedback of a client, and all responders.
ALL: constant(address) = empty(address)


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# agent -> client -> number -> what was said.
feedback: HashMap[uint256, HashMap[address, HashMap[uint64, Feedback]]]

# agent -> client -> number of its last feedback.
last_index: HashMap[uint256, HashMap[address, uint64]]

# agent -> clients, in the order in which they first spoke.
client_counts: HashMap[uint256, uint256]
clients: HashMap[uint256, HashMap[uint256, address]]

# agent -> client or ALL -> number or 0 -> responder or ALL -> responses.
responses: HashMap[uint256, HashMap[address, HashMap[uint64, HashMap[address, uint64]]]]

# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_identity: address):
    """
    @param _identity Where the agents are.
    """
    editions.__init__(_identity)


# ############################################################## #
#                        CLIENT FUNCTIONS                        #
# ############################################################## #

@external
def giveFeedback(
    _agentId: uint256,
    _value: int128,
    _valueDecimals: uint8,
    _tag1: String[MAX_TAG],
    _tag2: String[MAX_TAG],
    _endpoint: String[MAX_ENDPOINT],
    _feedbackURI: String[MAX_URI],
    _feedbackHash: bytes32,
):
    """
    @notice Say how an agent did. Its owner, and whoever may act for that, cannot.
    @param _value With `_valueDecimals` decimals.
    """
    assert _valueDecimals <= MAX_DECIMALS, "reputation: too many decimals"
    assert -MAX_VALUE <= _value and _value <= MAX_VALUE, "reputation: value too large"
    assert not staticcall editions.IDENTITY.isAuthorizedOrOwner(
        msg.sender, _agentId
    ), "reputation: agent speaks of itself"
    editions._note(_agentId)
    index: uint64 = self.last_index[_agentId][msg.sender] + 1
    self.last_index[_agentId][msg.sender] = index
    if index == 1:
        place: uint256 = self.client_counts[_agentId]
        self.clients[_agentId][place] = msg.sender
        self.client_counts[_agentId] = place + 1
    self.feedback[_agentId][msg.sender][index] = Feedback(
        word=(
            convert(convert(_value, int256) + convert(MAX_VALUE, int256), uint256)
            | convert(_valueDecimals, uint256) << DECIMALS_AT
            | editions.editions[_agentId] << EDITION_AT
        ),
        tag1=_tag1,
        tag2=_tag2,
    )
    log IAgentReputation.NewFeedback(
        agentId=_agentId,
        clientAddress=msg.sender,
        feedbackIndex=index,
        value=_value,
        valueDecimals=_valueDecimals,
        indexedTag1=_tag1,
        tag1=_tag1,
        tag2=_tag2,
        endpoint=_endpoint,
        feedbackURI=_feedbackURI,
        feedbackHash=_feedbackHash,
    )


@external
def revokeFeedback(_agentId: uint256, _feedbackIndex: uint64):
    """
    @notice Take back what the caller said: it counts no more.
    """
    self._check_index(_agentId, msg.sender, _feedbackIndex)
    word: uint256 = self.feedback[_agentId][msg.sender][_feedbackIndex].word
    assert word & REVOKED == 0, "reputation: was revoked"
    self.feedback[_agentId][msg.sender][_feedbackIndex].word = word | REVOKED
    log IAgentReputation.FeedbackRevoked(agentId=_agentId, clientAddress=msg.sender, feedbackIndex=_feedbackIndex)


# ############################################################## #
#                    PERMISSIONLESS FUNCTIONS                    #
# ############################################################## #

@external
def appendResponse(
    _agentId: uint256,
    _clientAddress: address,
    _feedbackIndex: uint64,
    _responseURI: String[MAX_URI],
    _responseHash: bytes32,
):
    """
    @notice Respond to what a client said.
    """
    self._check_index(_agentId, _clientAddress, _feedbackIndex)
    assert len(_responseURI) > 0, "reputation: response is nowhere"
    for responder: address in [msg.sender, ALL]:
        self.responses[_agentId][_clientAddress][_feedbackIndex][responder] += 1
        self.responses[_agentId][_clientAddress][0][responder] += 1
        self.responses[_agentId][ALL][0][responder] += 1
    log IAgentReputation.ResponseAppended(
        agentId=_agentId,
        clientAddress=_clientAddress,
        feedbackIndex=_feedbackIndex,
        responder=msg.sender,
        responseURI=_responseURI,
        responseHash=_responseHash,
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
    return editions.IDENTITY.address


@external
@view
@reentrant
def feedback_edition(_agent_id: uint256, _client: address, _index: uint64) -> uint256:
    """
    @notice The edition of the agent's data that feedback is about.
    """
    self._check_index(_agent_id, _client, _index)
    return self.feedback[_agent_id][_client][_index].word >> EDITION_AT


@external
@view
@reentrant
def getLastIndex(_agentId: uint256, _clientAddress: address) -> uint64:
    """
    @notice How often a client spoke of an agent.
    """
    return self.last_index[_agentId][_clientAddress]


@external
@view
@reentrant
def readFeedback(
    _agentId: uint256, _clientAddress: address, _feedbackIndex: uint64
) -> (int128, uint8, String[MAX_TAG], String[MAX_TAG], bool):
    """
    @notice One feedback: value, decimals, tags, and whether it was revoked.
    """
    self._check_index(_agentId, _clientAddress, _feedbackIndex)
    said: Feedback = self.feedback[_agentId][_clientAddress][_feedbackIndex]
    return self._value(said.word), self._decimals(said.word), said.tag1, said.tag2, said.word & REVOKED != 0


@external
@view
@reentrant
def getSummary(
    _agentId: uint256, _clientAddresses: DynArray[address, MAX_NAMED], _tag1: String[MAX_TAG], _tag2: String[MAX_TAG]
) -> (uint64, int128, uint8):
    """
    @notice How many times the named clients spoke of the agent's data of now, the mean, and its decimals: those that
        most of them used. An empty tag is any.
    """
    assert len(_clientAddresses) > 0, "reputation: no clients named"
    since: uint256 = editions._edition(_agentId).since
    count: uint64 = 0
    total: int256 = 0
    tally: uint64[19] = empty(uint64[19])
    for client: address in _clientAddresses:
        last: uint64 = self.last_index[_agentId][client]
        assert last <= MAX_READ, "reputation: too much to read"
        for i: uint64 in range(last, bound=MAX_READ):
            said: Feedback = self.feedback[_agentId][client][i + 1]
            if (said.word >> EDITION_AT) < since or said.word & REVOKED != 0 or not self._has_tags(said, _tag1, _tag2):
                continue
            count += 1
            used: uint8 = self._decimals(said.word)
            total += convert(self._value(said.word), int256) * self._power(18 - convert(used, uint256))
            tally[used] += 1
    if count == 0:
        return 0, 0, 0
    decimals: uint256 = 0
    for i: uint256 in range(19):
        if tally[i] > tally[decimals]:
            decimals = i
    mean: int256 = total // convert(count, int256) // self._power(18 - decimals)
    assert abs(mean) <= convert(max_value(int128), int256), "reputation: mean too large"
    return count, convert(mean, int128), convert(decimals, uint8)


@external
@view
@reentrant
def readAllFeedback(
    _agentId: uint256,
    _clientAddresses: DynArray[address, MAX_NAMED],
    _tag1: String[MAX_TAG],
    _tag2: String[MAX_TAG],
    _includeRevoked: bool,
) -> (
    DynArray[address, MAX_LISTED],
    DynArray[uint64, MAX_LISTED],
    DynArray[int128, MAX_LISTED],
    DynArray[uint8, MAX_LISTED],
    DynArray[String[MAX_TAG], MAX_LISTED],
    DynArray[String[MAX_TAG], MAX_LISTED],
    DynArray[bool, MAX_LISTED],
):
    """
    @notice All feedback of the named clients, or of all, also of earlier editions: clients, numbers, values, decimals,
        tags, and whether it was revoked.
    """
    named: DynArray[address, MAX_LISTED] = []
    for client: address in _clientAddresses:
        named.append(client)
    if len(named) == 0:
        named = self._clients(_agentId, 0)
        assert len(named) == self.client_counts[_agentId], "reputation: too much to read"
    who: DynArray[address, MAX_LISTED] = []
    indexes: DynArray[uint64, MAX_LISTED] = []
    values: DynArray[int128, MAX_LISTED] = []
    decimals: DynArray[uint8, MAX_LISTED] = []
    tags_1: DynArray[String[MAX_TAG], MAX_LISTED] = []
    tags_2: DynArray[String[MAX_TAG], MAX_LISTED] = []
    revoked: DynArray[bool, MAX_LISTED] = []
    for client: address in named:
        last: uint64 = self.last_index[_agentId][client]
        assert last <= MAX_READ, "reputation: too much to read"
        for i: uint64 in range(last, bound=MAX_READ):
            said: Feedback = self.feedback[_agentId][client][i + 1]
            is_revoked: bool = said.word & REVOKED != 0
            if (is_revoked and not _includeRevoked) or not self._has_tags(said, _tag1, _tag2):
                continue
            assert len(who) < MAX_LISTED, "reputation: too much to read"
            who.append(client)
            indexes.append(i + 1)
            values.append(self._value(said.word))
            decimals.append(self._decimals(said.word))
            tags_1.append(said.tag1)
            tags_2.append(said.tag2)
            revoked.append(is_revoked)
    return who, indexes, values, decimals, tags_1, tags_2, revoked


@external
@view
@reentrant
def getResponseCount(
    _agentId: uint256, _clientAddress: address, _feedbackIndex: uint64, _responders: DynArray[address, MAX_NAMED]
) -> uint64:
    """
    @notice Responses of the named accounts, or of all, to one feedback; to all of a client with number 0; to all of
        an agent with no client.
    """
    index: uint64 = 0 if _clientAddress == ALL else _feedbackIndex
    if len(_responders) == 0:
        return self.responses[_agentId][_clientAddress][index][ALL]
    count: uint64 = 0
    for responder: address in _responders:
        if responder != ALL:
            count += self.responses[_agentId][_clientAddress][index][responder]
    return count


@external
@view
@reentrant
def getClients(_agentId: uint256) -> DynArray[address, MAX_LISTED]:
    """
    @notice The first clients that spoke of an agent; `clients_from` has the others.
    """
    return self._clients(_agentId, 0)


@external
@view
@reentrant
def clients_from(_agent_id: uint256, _start: uint256) -> DynArray[address, MAX_LISTED]:
    """
    @notice Clients in the order in which they first spoke, from number `_start`, counted from 0.
    """
    return self._clients(_agent_id, _start)


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _check_index(_agent: uint256, _client: address, _index: uint64):
    assert 0 < _index and _index <= self.last_index[_agent][_client], "reputation: no such feedback"


@internal
@pure
def _value(_word: uint256) -> int128:
    return convert(convert(_word & MASK_128, int256) - convert(MAX_VALUE, int256), int128)


@internal
@pure
def _decimals(_word: uint256) -> uint8:
    return convert((_word >> DECIMALS_AT) & MASK_8, uint8)


@internal
@pure
def _power(_exponent: uint256) -> int256:
    return convert(10**_exponent, int256)


@internal
@pure
def _has_tags(_said: Feedback, _tag1: String[MAX_TAG], _tag2: String[MAX_TAG]) -> bool:
    return (len(_tag1) == 0 or _said.tag1 == _tag1) and (len(_tag2) == 0 or _said.tag2 == _tag2)


@internal
@view
def _clients(_agent: uint256, _start: uint256) -> DynArray[address, MAX_LISTED]:
    found: DynArray[address, MAX_LISTED] = []
    total: uint256 = self.client_counts[_agent]
    for i: uint256 in range(MAX_LISTED):
        if _start + i >= total:
            break
        found.append(self.clients[_agent][_start + i])
    return found
