# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Policies: what a promotion needs
@license MIT
@notice A list of (schema, attesters, how many of them, how old at most), and whether everything that the artefact was
    made from has to be active. Policies stay readable; at most one is under notice.
"""

from ..interfaces import IEnvironments
from ..interfaces import IProvenanceRegistry

# Most entries of a policy, and most attesters of an entry.
MAX_ENTRIES: constant(uint256) = 8
MAX_ATTESTERS: constant(uint256) = 8

# Words of a stored policy: an entry takes its schema, then one word for each attester.
MAX_WORDS: constant(uint256) = MAX_ENTRIES * (1 + MAX_ATTESTERS)

# State of a record that may be promoted, and of a lineage that is sound.
ACTIVE: constant(uint8) = 1

# An attester's word: the attester from bit 0 (160); in the first word of an entry also needed (8), attesters (8) and
# largest age (32); in the first word of a policy also the number of entries (7), whether the lineage has to be sound
# (1), and since when it counts (40).
NEEDED_AT: constant(uint256) = 160
COUNT_AT: constant(uint256) = 168
AGE_AT: constant(uint256) = 176
ENTRIES_AT: constant(uint256) = 208
SOUND_AT: constant(uint256) = 215
FROM_AT: constant(uint256) = 216

# Masks of packed fields.
U7: constant(uint256) = 2**7 - 1
U8: constant(uint256) = 2**8 - 1
U32: constant(uint256) = 2**32 - 1
U160: constant(uint256) = 2**160 - 1

# Environment -> version of the policy, from 1 -> its words.
_policies: HashMap[bytes32, HashMap[uint256, uint256[MAX_WORDS]]]


@internal
def _store(
    _environment: bytes32,
    _version: uint256,
    _from: uint256,
    _policy: DynArray[IEnvironments.PolicyEntry, MAX_ENTRIES],
    _sound: bool,
):
    at_word: uint256 = 0
    start: uint256 = (_from << FROM_AT) | (len(_policy) << ENTRIES_AT) | (convert(_sound, uint256) << SOUND_AT)
    if len(_policy) == 0:
        self._policies[_environment][_version][0] = start
    for entry: IEnvironments.PolicyEntry in _policy:
        count: uint256 = len(entry.attesters)
        assert entry.needed > 0 and convert(entry.needed, uint256) <= count, "environments: needed out of range"
        head: uint256 = (
            (convert(entry.needed, uint256) << NEEDED_AT)
            | (count << COUNT_AT)
            | (convert(entry.max_age, uint256) << AGE_AT)
        )
        self._policies[_environment][_version][at_word + 1] = convert(entry.schema, uint256)
        for j: uint256 in range(count, bound=MAX_ATTESTERS):
            attester: uint256 = convert(entry.attesters[j], uint256)
            for k: uint256 in range(j, bound=MAX_ATTESTERS):
                assert convert(entry.attesters[k], uint256) != attester, "environments: attester named twice"
            if j == 0:
                self._policies[_environment][_version][at_word] = start | head | attester
            else:
                self._policies[_environment][_version][at_word + 1 + j] = attester
        start = 0
        at_word += 1 + count
    log IEnvironments.PolicyAnnounced(
        environment=_environment, version=_version, effective_from=_from, entries=_policy, sound=_sound
    )


@internal
@view
def _in_force(_environment: bytes32, _last: uint256) -> uint256:
    # At most one policy is under notice, so it is the last or the one before it.
    if self._policies[_environment][_last][0] >> FROM_AT > block.timestamp:
        return _last - 1
    return _last


@internal
@view
def _is_under_notice(_environment: bytes32, _last: uint256) -> bool:
    return self._policies[_environment][_last][0] >> FROM_AT > block.timestamp


@internal
@view
def _read(
    _environment: bytes32, _version: uint256
) -> (uint256, DynArray[IEnvironments.PolicyEntry, MAX_ENTRIES], bool):
    """
    @dev Since when a policy counts, its entries, and whether it asks for a sound lineage.
    """
    entries: DynArray[IEnvironments.PolicyEntry, MAX_ENTRIES] = []
    first: uint256 = self._policies[_environment][_version][0]
    at_word: uint256 = 0
    for _: uint256 in range((first >> ENTRIES_AT) & U7, bound=MAX_ENTRIES):
        head: uint256 = self._policies[_environment][_version][at_word]
        attesters: DynArray[address, MAX_ATTESTERS] = [convert(head & U160, address)]
        count: uint256 = (head >> COUNT_AT) & U8
        for j: uint256 in range(1, count, bound=MAX_ATTESTERS):
            attesters.append(convert(self._policies[_environment][_version][at_word + 1 + j] & U160, address))
        entries.append(
            IEnvironments.PolicyEntry(
                schema=convert(self._policies[_environment][_version][at_word + 1], bytes32),
                needed=convert((head >> NEEDED_AT) & U8, uint8),
                max_age=convert((head >> AGE_AT) & U32, uint32),
                attesters=attesters,
            )
        )
        at_word += 1 + count
    return first >> FROM_AT, entries, (first >> SOUND_AT) & 1 == 1


@internal
@view
def _is_met(
    _registry: IProvenanceRegistry, _environment: bytes32, _version: uint256, _artefact: bytes32, _any_age: bool
) -> bool:
    at_word: uint256 = 0
    entries: uint256 = (self._policies[_environment][_version][0] >> ENTRIES_AT) & U7
    for _: uint256 in range(entries, bound=MAX_ENTRIES):
        head: uint256 = self._policies[_environment][_version][at_word]
        schema: bytes32 = convert(self._policies[_environment][_version][at_word + 1], bytes32)
        count: uint256 = (head >> COUNT_AT) & U8
        missing: uint256 = (head >> NEEDED_AT) & U8
        age: uint256 = (head >> AGE_AT) & U32
        not_before: uint256 = 0
        if age > 0 and not _any_age:
            not_before = block.timestamp - min(age, block.timestamp)
        for j: uint256 in range(count, bound=MAX_ATTESTERS):
            attester: uint256 = head
            if j > 0:
                attester = self._policies[_environment][_version][at_word + 1 + j]
            if staticcall _registry.is_standing(convert(attester & U160, address), schema, _artefact, not_before):
                missing -= 1
                if missing == 0:
                    break
        if missing > 0:
            return False
        at_word += 1 + count
    return True


@internal
@view
def _is_sound(_registry: IProvenanceRegistry, _environment: bytes32, _version: uint256, _artefact: bytes32) -> bool:
    """
    @dev Whether the policy asks for no sound lineage, or the artefact's is sound.
    """
    if (self._policies[_environment][_version][0] >> SOUND_AT) & 1 == 0:
        return True
    id: bytes32 = empty(bytes32)
    status: uint8 = 0
    id, status = staticcall _registry.soundness_of(_artefact)
    return status == ACTIVE
