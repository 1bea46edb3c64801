# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title RecordFiller
@license MIT
@notice Registers many records in one transaction: benchmarks make a chain with a hundred thousand by it. Never
    deployed.
@custom:security Holds nothing.
@custom:kill Nothing to stop.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IProvenanceRegistry


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Most records in one call.
MAX_RECORDS: constant(uint256) = 1_000


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def fill(_registry: address, _record: IProvenanceRegistry.Record, _first: uint256, _count: uint256):
    """
    @notice Register records of this contract that differ in their digest alone.
    @param _registry Where.
    @param _record What all of them say; author and digest are filled in.
    @param _first Number of the first one, from which its digest follows.
    @param _count How many.
    """
    record: IProvenanceRegistry.Record = _record
    record.author = self
    for number: uint256 in range(_count, bound=MAX_RECORDS):
        record.digest = keccak256(convert(_first + number, bytes32))
        extcall IProvenanceRegistry(_registry).register(record)
