# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Editions of an agent's data, and since which of them its reputation counts
@license MIT
@notice An edition begins when it is noted that an agent's data is another one. Feedback of earlier editions counts no more
    in summaries, unless the agent's owner carries it on.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ...interfaces import IAgentIdentity
from ...interfaces import IAgentReputation


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Longest address of a reason, bytes.
MAX_URI: constant(uint256) = 1_024


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Where the agents are.
IDENTITY: immutable(IAgentIdentity)


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# agent -> number of its edition; edition -> the data's hash; edition -> the first one whose feedback counts in it.
editions: HashMap[uint256, uint256]
data_at: HashMap[uint256, HashMap[uint256, bytes32]]
since: HashMap[uint256, HashMap[uint256, uint256]]


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_identity: address):
    assert _identity != empty(address), "reputation: no identity registry"
    IDENTITY = IAgentIdentity(_identity)


# ############################################################## #
#                    PERMISSIONLESS FUNCTIONS                    #
# ############################################################## #

@external
def note_change(_agent_id: uint256):
    """
    @notice Note that an agent has other data than before: its summaries begin anew.
    """
    assert self._note(_agent_id), "reputation: data has not changed"


# ############################################################## #
#                         OWNER FUNCTIONS                        #
# ############################################################## #

@external
def carry(_agent_id: uint256, _reason_uri: String[MAX_URI], _reason_hash: bytes32):
    """
    @notice Say that the agent's data of now deserves the reputation of the data before, for everybody to see.
    @param _reason_uri Where the reason is; `_reason_hash` commits to it.
    """
    assert staticcall IDENTITY.isAuthorizedOrOwner(msg.sender, _agent_id), "reputation: not authorized"
    self._note(_agent_id)
    edition: uint256 = self.editions[_agent_id]
    assert self.since[_agent_id][edition] == edition and edition > 0, "reputation: nothing to carry"
    since: uint256 = self.since[_agent_id][edition - 1]
    self.since[_agent_id][edition] = since
    log IAgentReputation.ReputationCarried(
        agent_id=_agent_id,
        edition=edition,
        since=since,
        by=msg.sender,
        reason_uri=_reason_uri,
        reason_hash=_reason_hash,
    )


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
@reentrant
def edition_of(_agent_id: uint256) -> IAgentReputation.Edition:
    """
    @notice Which data the agent has, and from which edition on feedback counts in summaries.
    """
    return self._edition(_agent_id)


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _edition(_agent: uint256) -> IAgentReputation.Edition:
    """
    @dev As of now, whether the change was noted or not.
    """
    data: bytes32 = staticcall IDENTITY.data_of(_agent)
    number: uint256 = self.editions[_agent]
    if data == self.data_at[_agent][number]:
        return IAgentReputation.Edition(number=number, since=self.since[_agent][number], data=data)
    return IAgentReputation.Edition(number=number + 1, since=number + 1, data=data)


@internal
def _note(_agent: uint256) -> bool:
    """
    @return Whether the data was another one.
    """
    edition: IAgentReputation.Edition = self._edition(_agent)
    before: uint256 = self.editions[_agent]
    if edition.number == before:
        return False
    self.editions[_agent] = edition.number
    self.data_at[_agent][edition.number] = edition.data
    self.since[_agent][edition.number] = edition.number
    log IAgentReputation.ReputationReset(
        agent_id=_agent, edition=edition.number, data_before=self.data_at[_agent][before], data=edition.data
    )
    return True
