# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Records: author, time, kind and state, and the parents that somebody wrote down
@license MIT
@notice One word a record. Parents are in the record's content, which its id commits to; `store_links` writes them down
    once for good, so that contracts can walk a lineage and see whether any part of it was withdrawn.
@dev A stored link is the parent's id; in its low six bytes the first one holds the number of links and the record's
    state, so that a walk reads one slot a link. Records that were walked already are found by a table of 256 places.
"""

from snekmate.utils import eip712_domain_separator as eip712
from ..interfaces import IProvenanceRegistry
from . import record_hash

uses: eip712

# The relation of a record to the one that it takes the place of: it was not made from it.
SUPERSEDES: constant(uint8) = 7

# States of a record. Zero is a record that was never registered; a state only ever grows.
ACTIVE: constant(uint8) = 1
DEPRECATED: constant(uint8) = 2
REVOKED: constant(uint8) = 3

# A record's word: author from bit 0 (160), time of registration (40), kind (8), status (8).
TIME_AT: constant(uint256) = 160
KIND_AT: constant(uint256) = 200
STATUS_AT: constant(uint256) = 208

# Masks of packed fields.
U8: constant(uint256) = 2**8 - 1
U40: constant(uint256) = 2**40 - 1
U160: constant(uint256) = 2**160 - 1

# Part of a stored link that is the parent's id; below it, in a record's first one, the number of links (5), that they
# are stored (1), and the record's state (2).
ID_MASK: constant(uint256) = max_value(uint256) - (2**48 - 1)
COUNT_MASK: constant(uint256) = 31
STORED: constant(uint256) = 32
STATE_AT: constant(uint256) = 6
STATE_MASK: constant(uint256) = 3

# Most links of a record, most records written down in one call, and most records of a lineage that is walked.
MAX_LINKS: constant(uint256) = 16
MAX_STORED: constant(uint256) = 16
MAX_LINEAGE: constant(uint256) = 128

# Places of the table of records that were walked, a power of two; an id's highest byte says where it begins.
PLACES: constant(uint256) = 256
PLACE_AT: constant(uint256) = 248

# Record id -> its word; zero when it was never registered.
_records: HashMap[bytes32, uint256]

# Record id -> its links, once somebody wrote them down.
_links: HashMap[bytes32, uint256[MAX_LINKS]]


@external
def store_links(_records: DynArray[IProvenanceRegistry.Record, MAX_STORED]):
    """
    @notice Write down the parents of registered records, for `soundness_of`. Anyone may; it changes nothing, since an
        id commits to its parents. Parents come first; what is written down already is passed over, and so is what a
        record supersedes.
    @param _records The records, as registered.
    """
    for record: IProvenanceRegistry.Record in _records:
        id: bytes32 = self._id(record_hash._record(record))
        status: uint8 = self._status(id)
        assert status != 0, "registry: unknown record"
        if self._links[id][0] != 0:
            continue
        count: uint256 = 0
        first: uint256 = 0
        for link: IProvenanceRegistry.Link in record.links:
            if link.relation == SUPERSEDES:
                continue
            assert self._links[link.parent][0] != 0, "registry: parent is not stored"
            if count == 0:
                first = convert(link.parent, uint256)
            else:
                self._links[id][count] = convert(link.parent, uint256)
            count += 1
        self._links[id][0] = first | STORED | count | (convert(status, uint256) << STATE_AT)
        log IProvenanceRegistry.LinksStored(id=id, count=count)


@external
@view
def state_of(_id: bytes32) -> (address, uint8, uint8, uint256):
    """
    @notice Author, kind, status and time of registration (unix seconds) of a record; zeros when unknown.
    """
    word: uint256 = self._records[_id]
    return (
        convert(word & U160, address),
        convert((word >> KIND_AT) & U8, uint8),
        convert(word >> STATUS_AT, uint8),
        (word >> TIME_AT) & U40,
    )


@external
@view
def status_of(_id: bytes32) -> uint8:
    """
    @notice State of a record: 0 unknown, 1 active, 2 deprecated, 3 revoked.
    """
    return self._status(_id)


@external
@view
def soundness_of(_id: bytes32) -> (bytes32, uint8):
    """
    @notice Whether a record and everything it was made from is active: the first of them that is not and its state, or
        the record itself and 1. State 0: its links are not stored, or more than `MAX_LINEAGE` records would be walked.
    """
    return self._soundness(_id)


@internal
def _set_status(_id: bytes32, _status: uint8):
    word: uint256 = self._records[_id]
    self._records[_id] = (word & ~(U8 << STATUS_AT)) | (convert(_status, uint256) << STATUS_AT)
    first: uint256 = self._links[_id][0]
    if first != 0:
        self._links[_id][0] = (first & ~(STATE_MASK << STATE_AT)) | (convert(_status, uint256) << STATE_AT)


@internal
@view
def _soundness(_id: bytes32) -> (bytes32, uint8):
    # The record and its ancestors, nearest first, and the table of those that were found.
    found: DynArray[bytes32, MAX_LINEAGE] = [_id]
    table: bytes32[PLACES] = empty(bytes32[PLACES])
    for i: uint256 in range(MAX_LINEAGE):
        if i == len(found):
            return _id, ACTIVE
        id: bytes32 = found[i]
        word: uint256 = self._links[id][0]
        status: uint8 = convert((word >> STATE_AT) & STATE_MASK, uint8)
        if status != ACTIVE:
            return id, status
        count: uint256 = word & COUNT_MASK
        for j: uint256 in range(count, bound=MAX_LINKS):
            if j > 0:
                word = self._links[id][j]
            parent: bytes32 = convert(word & ID_MASK, bytes32)
            place: uint256 = word >> PLACE_AT
            for _: uint256 in range(PLACES):
                if table[place] == empty(bytes32) or table[place] == parent:
                    break
                place = (place + 1) % PLACES
            if table[place] == parent:
                continue
            if len(found) == MAX_LINEAGE:
                return id, 0
            table[place] = parent
            found.append(parent)
    return _id, ACTIVE


@internal
@view
def _status(_id: bytes32) -> uint8:
    return convert(self._records[_id] >> STATUS_AT, uint8)


@internal
@view
def _id(_struct_hash: bytes32) -> bytes32:
    return record_hash._id(eip712._hash_typed_data_v4(_struct_hash))
