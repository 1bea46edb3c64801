# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title Milestones: what has to be shown, and what became of it
@license MIT
@notice The grantee shows a record of its own. It has to be active, of the kind that was agreed on, attested under a
    schema by enough of the named attesters, and where that was agreed on everything that it was made from has to be
    active. One record shows one milestone. The witness sees an ancestor that is withdrawn later, also behind records
    that are deprecated.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ...interfaces import IGrantProgram
from ...interfaces import IGrantWitness
from ...interfaces import IProvenanceRegistry

# The registry's view that says of an attestation when it was taken back.
interface IAttestations:
    def attestation_of(_attester: address, _schema: bytes32, _subject: bytes32) -> (
        uint256, uint64, uint256, uint256, bool
    ): view


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Most milestones of a proposal.
MAX_MILESTONES: constant(uint256) = 8

# Most wei of a milestone: what an escrow takes.
MAX_AMOUNT: constant(uint256) = 2**112 - 1

# Most attesters of a milestone.
MAX_ATTESTERS: constant(uint256) = 4

# States of a milestone.
PENDING: constant(uint256) = 1
RELEASED: constant(uint256) = 2
LAPSED: constant(uint256) = 3
CLAWED_BACK: constant(uint256) = 4

# States of a record.
ACTIVE: constant(uint8) = 1
WITHDRAWN: constant(uint8) = 3

# A milestone's word: wei (128), deadline (40), state (3), kind of record (5), attestations needed (3), attesters (3),
# sound (1), whether there is a list (1), and the escrow's grant (48).
DEADLINE_AT: constant(uint256) = 128
STATE_AT: constant(uint256) = 168
KIND_AT: constant(uint256) = 171
NEEDED_AT: constant(uint256) = 176
COUNT_AT: constant(uint256) = 179
SOUND_AT: constant(uint256) = 182
LIST_AT: constant(uint256) = 183
GRANT_AT: constant(uint256) = 184

# A plan's word: seconds of a step (32), steps (16), cliff (16).
STEPS_AT: constant(uint256) = 32
CLIFF_AT: constant(uint256) = 48

# Masks of packed fields.
U3: constant(uint256) = 7
U5: constant(uint256) = 31
U16: constant(uint256) = 2**16 - 1
U32: constant(uint256) = 2**32 - 1
U40: constant(uint256) = 2**40 - 1
U48: constant(uint256) = 2**48 - 1
U128: constant(uint256) = 2**128 - 1


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Where records and attestations are, and what knows of ancestors that were withdrawn.
registry: public(immutable(IProvenanceRegistry))
witness: public(immutable(IGrantWitness))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# proposal << 8 | milestone -> its word, schema, plan, attesters and list.
_words: HashMap[uint256, uint256]
_schemas: HashMap[uint256, bytes32]
_plans: HashMap[uint256, uint256]
_attesters: HashMap[uint256, address[MAX_ATTESTERS]]
_learners: HashMap[uint256, bytes32]

# proposal << 8 | milestone -> index // 256 -> bits of the learners that were paid.
_paid: HashMap[uint256, HashMap[uint256, uint256]]

# record -> what it showed.
_shown: HashMap[bytes32, uint256]


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_witness: address):
    assert _witness.is_contract, "grants: witness is no contract"
    witness = IGrantWitness(_witness)
    registry = IProvenanceRegistry(staticcall witness.registry())


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
def _store(_key: uint256, _milestone: IGrantProgram.Milestone, _grantee: address, _longest: uint256):
    """
    @param _longest Latest deadline, unix seconds.
    """
    assert _milestone.amount > 0 and _milestone.amount <= MAX_AMOUNT, "grants: amount out of range"
    assert (_milestone.deadline > block.timestamp and _milestone.deadline <= _longest), "grants: deadline out of range"
    count: uint256 = len(_milestone.attesters)
    needed: uint256 = convert(_milestone.needed, uint256)
    assert needed > 0 and needed <= count, "grants: needed out of range"
    assert convert(_milestone.kind, uint256) <= U5, "grants: no such kind"
    # Without a length of its steps all is paid at once, so that nothing may look like a plan.
    assert (
        _milestone.step <= U32
        and _milestone.steps <= U16
        and _milestone.cliff <= _milestone.steps
        and (_milestone.steps > 0) == (_milestone.step > 0)
    ), "grants: plan out of range"
    has_list: bool = _milestone.learners != empty(bytes32)
    self._words[_key] = (
        _milestone.amount
        | (_milestone.deadline << DEADLINE_AT)
        | (PENDING << STATE_AT)
        | (convert(_milestone.kind, uint256) << KIND_AT)
        | (needed << NEEDED_AT)
        | (count << COUNT_AT)
        | (convert(_milestone.sound, uint256) << SOUND_AT)
        | (convert(has_list, uint256) << LIST_AT)
    )
    self._schemas[_key] = _milestone.schema
    for i: uint256 in range(count, bound=MAX_ATTESTERS):
        attester: address = _milestone.attesters[i]
        assert attester not in [empty(address), _grantee], "grants: no attester"
        for j: uint256 in range(i, bound=MAX_ATTESTERS):
            assert _milestone.attesters[j] != attester, "grants: attester named twice"
        self._attesters[_key][i] = attester
    if has_list:
        assert _milestone.step == 0, "grants: a list does not vest"
        self._learners[_key] = _milestone.learners
    elif _milestone.step > 0:
        self._plans[_key] = _milestone.step | (_milestone.steps << STEPS_AT) | (_milestone.cliff << CLIFF_AT)


@internal
@pure
def _key(_proposal: uint256, _milestone: uint256) -> uint256:
    """
    @dev Where a milestone is kept. No other number may lead to it, nor to another proposal's.
    """
    assert _milestone < MAX_MILESTONES, "grants: no such milestone"
    assert _proposal >> 248 == 0, "grants: no such proposal"
    return (_proposal << 8) | _milestone


@internal
@pure
def _state(_word: uint256) -> uint256:
    return (_word >> STATE_AT) & U3


@internal
def _set(_key: uint256, _word: uint256, _state: uint256, _amount: uint256, _grant: uint256):
    self._words[_key] = (
        (_word & ~((U3 << STATE_AT) | (U48 << GRANT_AT) | U128)) | (_state << STATE_AT) | (_grant << GRANT_AT) | _amount
    )


@internal
def _show(_key: uint256, _word: uint256, _evidence: bytes32, _grantee: address):
    """
    @dev Take a record as evidence, once.
    """
    author: address = empty(address)
    kind: uint8 = 0
    status: uint8 = 0
    time: uint256 = 0
    author, kind, status, time = staticcall registry.state_of(_evidence)
    assert author == _grantee, "grants: not the grantee's record"
    assert convert(kind, uint256) == (_word >> KIND_AT) & U5, "grants: another kind of record"
    assert self._shown[_evidence] == 0, "grants: record was shown before"
    self._shown[_evidence] = _key
    assert status == ACTIVE, "grants: record is not active"
    assert self._is_attested(_key, _word, _evidence), "grants: not enough attestations"
    if (_word >> SOUND_AT) & 1 == 1:
        first: bytes32 = empty(bytes32)
        first, status = staticcall registry.soundness_of(_evidence)
        assert status == ACTIVE, "grants: ancestry is not sound"


@internal
@view
def _is_withdrawn(_key: uint256, _word: uint256, _evidence: bytes32) -> bool:
    """
    @dev Whether a record that was taken as evidence was withdrawn, or too many of its attestations were. A record that
        is deprecated and an attestation that has expired were true, and take nothing back.
    """
    if staticcall registry.status_of(_evidence) == WITHDRAWN:
        return True
    if (_word >> SOUND_AT) & 1 == 1 and staticcall witness.is_withdrawn(_evidence):
        return True
    schema: bytes32 = self._schemas[_key]
    standing: uint256 = 0
    for i: uint256 in range((_word >> COUNT_AT) & U3, bound=MAX_ATTESTERS):
        time: uint256 = 0
        expiry: uint64 = 0
        revoked_at: uint256 = 0
        edition: uint256 = 0
        revocable: bool = False
        time, expiry, revoked_at, edition, revocable = staticcall IAttestations(registry.address).attestation_of(
            self._attesters[_key][i], schema, _evidence
        )
        if edition > 0 and revoked_at == 0:
            standing += 1
    return standing < (_word >> NEEDED_AT) & U3


@internal
@view
def _is_attested(_key: uint256, _word: uint256, _evidence: bytes32) -> bool:
    schema: bytes32 = self._schemas[_key]
    missing: uint256 = (_word >> NEEDED_AT) & U3
    for i: uint256 in range((_word >> COUNT_AT) & U3, bound=MAX_ATTESTERS):
        if staticcall registry.is_standing(self._attesters[_key][i], schema, _evidence, 0):
            missing -= 1
            if missing == 0:
                return True
    return False
