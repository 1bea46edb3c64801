# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title GrantWitness
@license MIT
@notice Tells grant programmes two things that neither the hub nor the registry says: how much is delegated in all pools
    together, and whether something that a record was made from was withdrawn, also behind records that are deprecated.
    Anyone brings either up to date, and nobody can say anything that is not so.
@dev The hub says what one pool has: the sum is of pools that somebody counted, each as it was then. The registry's walk
    stops at the first record that is not active; an id commits to its parents, so that records themselves show them.
@custom:security The sum is as complete as somebody made it: a pool that nobody counted, or that has grown since, is
    missing in it, and one that has shrunk is too large in it until somebody counts it again. Whoever relies on the sum
    counts first. What was traced is true for ever: ids commit to parents, and what is withdrawn stays so.
@custom:kill Cannot be stopped, has no owner, and holds nothing.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IGrantWitness
from ..interfaces import IProvenanceRegistry
from ..interfaces import IStakingHub

implements: IGrantWitness


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Most pools that one call counts, and most records that one traces.
MAX_COUNTED: constant(uint256) = 64
MAX_TRACED: constant(uint256) = 16

# State of a record.
WITHDRAWN: constant(uint8) = 3

# Relation of a record to the one that it takes the place of, and was not made from.
SUPERSEDES: constant(uint8) = 7


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Where coins are delegated, and where records are.
hub: public(immutable(address))
registry: public(immutable(address))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# Wei delegated in all pools that were counted; and operator -> wei of its pool when it was.
total_counted: public(uint256)
counted: public(HashMap[address, uint256])

# record -> record that it was traced to -> whether it was made from it.
made_from: public(HashMap[bytes32, HashMap[bytes32, bool]])

# record -> whether one that it was made from was found withdrawn.
_found: HashMap[bytes32, bool]


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_hub: address, _registry: address):
    """
    @param _hub The StakingHub.
    @param _registry The ProvenanceRegistry.
    """
    assert _hub.is_contract, "witness: hub is no contract"
    assert _registry.is_contract, "witness: registry is no contract"
    hub = _hub
    registry = _registry


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def count(_operator: address) -> uint256:
    """
    @notice Count what is delegated to an operator now, or count it anew. Anyone may call.
    @return Wei delegated in all pools that were counted.
    """
    return self._count(_operator)


@external
def count_many(_operators: DynArray[address, MAX_COUNTED]):
    """
    @notice The same for several operators.
    """
    for operator: address in _operators:
        self._count(operator)


@external
def trace(_evidence: bytes32, _path: DynArray[IProvenanceRegistry.Record, MAX_TRACED]):
    """
    @notice Write down what a record was made from, and whether that was withdrawn. Anyone may. A long path takes several
        calls, and one that was traced before is traced anew from its last record on.
    @param _path Records as registered: the record itself, or one that was traced before; and then parents of them.
    """
    for record: IProvenanceRegistry.Record in _path:
        id: bytes32 = staticcall IProvenanceRegistry(registry).record_id(record)
        assert id == _evidence or self.made_from[_evidence][id], "witness: not what it was made from"
        for link: IProvenanceRegistry.Link in record.links:
            if link.relation == SUPERSEDES:
                continue
            self.made_from[_evidence][link.parent] = True
            status: uint8 = staticcall IProvenanceRegistry(registry).status_of(link.parent)
            if status == WITHDRAWN:
                self._found[_evidence] = True
            log IGrantWitness.Traced(evidence=_evidence, parent=link.parent, status=status)


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def is_withdrawn(_evidence: bytes32) -> bool:
    """
    @notice Whether a record, or something that it was made from, was withdrawn, as far as the registry's walk or a trace
        has found it.
    """
    if self._found[_evidence]:
        return True
    first: bytes32 = empty(bytes32)
    status: uint8 = 0
    first, status = staticcall IProvenanceRegistry(registry).soundness_of(_evidence)
    return status == WITHDRAWN


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
def _count(_operator: address) -> uint256:
    state: IStakingHub.OperatorState = staticcall IStakingHub(hub).operator_state(_operator)
    total: uint256 = self.total_counted - self.counted[_operator] + state.delegated
    self.total_counted = total
    self.counted[_operator] = state.delegated
    log IGrantWitness.StakeCounted(operator=_operator, amount=state.delegated, total=total)
    return total
