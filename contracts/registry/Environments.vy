# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Environments
@license MIT
@notice Answers what runs in production, and since when. An environment belongs to an account; it promotes artefacts
    of the registry, one after the other, and only such as its policy allows. Every promotion stays on record by
    block, so that anyone can say what ran at any past block; nodes sign what they run, and a heartbeat that
    contradicts is evidence.
@dev A promotion is one word: the artefact's id, whose low six bytes are zero, and there the block number. A policy is
    a list of (schema, attesters, how many of them, how old at most). A new one counts after `NOTICE`; old ones stay
    readable.
@custom:security An environment's owner is trusted to choose among what the policy allows, and with the policy, after
    notice. It cannot change hands: own it with a contract account if keys have to rotate. An attestation may be revoked
    after a promotion; `current` then says that the policy no longer holds, and promotes nothing by itself. Within one
    block the last promotion counts. Nodes should sign heartbeats for promotions that are final: after a reorganisation
    a number may stand for another artefact.
@custom:kill Cannot be stopped: no owner, no pause, no funds. An environment ends when its owner stops promoting.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IEnvironments
from ..interfaces import IProvenanceRegistry

implements: IEnvironments


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from snekmate.utils import eip712_domain_separator as eip712
from ..lib import signatures

initializes: eip712
initializes: signatures[eip712 := eip712]

exports: eip712.eip712Domain


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Time between announcing a policy and its effect, seconds.
NOTICE: public(constant(uint256)) = 86_400

# Most entries of a policy, and most attesters of an entry.
MAX_ENTRIES: constant(uint256) = 8
MAX_ATTESTERS: constant(uint256) = 8

# Words of a stored policy: an entry takes its schema, then one word for each attester.
MAX_WORDS: constant(uint256) = MAX_ENTRIES * (1 + MAX_ATTESTERS)

# State of a record that may be promoted.
ACTIVE: constant(uint8) = 1

# Part of a promotion's word that is the artefact's id; the rest is the block number.
BLOCK_MASK: constant(uint256) = 2**48 - 1

# An environment's word: owner from bit 0 (160), promotions (40), announced policies (32).
SEQ_AT: constant(uint256) = 160
POLICY_AT: constant(uint256) = 200

# An attester's word: the attester from bit 0 (160); in the first word of an entry also needed (8), attesters (8) and
# largest age (32); in the first word of a policy also the number of entries (8) and since when it counts (40).
NEEDED_AT: constant(uint256) = 160
COUNT_AT: constant(uint256) = 168
AGE_AT: constant(uint256) = 176
ENTRIES_AT: constant(uint256) = 208
FROM_AT: constant(uint256) = 216

# Masks of packed fields.
U8: constant(uint256) = 2**8 - 1
U32: constant(uint256) = 2**32 - 1
U40: constant(uint256) = 2**40 - 1
U160: constant(uint256) = 2**160 - 1

# EIP-712 type of a heartbeat.
HEARTBEAT_TYPE: constant(bytes32) = keccak256(
    "Heartbeat(address node,bytes32 environment,uint64 promotionSeq,bytes32 digest,uint64 time)"
)


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Where records and attestations are.
registry: public(immutable(IProvenanceRegistry))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# Environment -> its word; zero when it was never declared.
_environments: HashMap[bytes32, uint256]

# Environment -> number of the promotion, from 1 -> its word.
_promotions: HashMap[bytes32, HashMap[uint256, uint256]]

# Environment -> version of the policy, from 1 -> its words.
_policies: HashMap[bytes32, HashMap[uint256, uint256[MAX_WORDS]]]


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_registry: address):
    """
    @notice Nothing to choose but the registry.
    @param _registry The ProvenanceRegistry.
    """
    assert _registry.is_contract, "environments: registry has no code"
    registry = IProvenanceRegistry(_registry)
    eip712.__init__("Keifu Environments", "1")


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def declare_environment(_name: String[64], _policy: DynArray[IEnvironments.PolicyEntry, MAX_ENTRIES]) -> bytes32:
    """
    @notice Declare an environment; the caller owns it. Its first policy counts at once.
    @param _name Its name, unique for the owner.
    @param _policy What a promotion needs; an empty one allows every active record.
    @return The environment's id.
    """
    assert len(_name) > 0, "environments: empty name"
    environment: bytes32 = self._environment_id(msg.sender, _name)
    assert self._environments[environment] == 0, "environments: already declared"
    self._environments[environment] = convert(msg.sender, uint256) | (1 << POLICY_AT)
    log IEnvironments.Declared(environment=environment, owner=msg.sender, name=_name)
    self._store_policy(environment, 1, block.timestamp, _policy)
    return environment


# ############################################################## #
#                 ENVIRONMENT OWNER'S FUNCTIONS                  #
# ############################################################## #

@external
def announce_policy(_environment: bytes32, _policy: DynArray[IEnvironments.PolicyEntry, MAX_ENTRIES]):
    """
    @notice Announce the next policy; it counts after `NOTICE`.
    @param _environment One's environment.
    @param _policy What a promotion needs from then on.
    """
    word: uint256 = self._owned(_environment)
    version: uint256 = word >> POLICY_AT
    assert (
        self._policies[_environment][version][0] >> FROM_AT <= block.timestamp
    ), "environments: a policy is under notice"
    self._environments[_environment] = word + (1 << POLICY_AT)
    self._store_policy(_environment, version + 1, block.timestamp + NOTICE, _policy)


@external
def promote(_environment: bytes32, _artefact: bytes32) -> uint256:
    """
    @notice Run an artefact from now on. Reverts unless it is active and the policy's attestations stand.
    @param _environment One's environment.
    @param _artefact Id of the record.
    @return Number of the promotion.
    """
    return self._promote(_environment, self._owned(_environment), _artefact, False)


@external
def rollback(_environment: bytes32, _seq: uint256) -> uint256:
    """
    @notice Run again what an earlier promotion named. Its attestations have to stand, but may have aged: a return
        in need should not wait for a new evaluation.
    @param _environment One's environment.
    @param _seq Number of the earlier promotion.
    @return Number of the new promotion.
    """
    word: uint256 = self._owned(_environment)
    assert _seq > 0 and _seq < (word >> SEQ_AT) & U40, "environments: not an earlier promotion"
    artefact: bytes32 = self._artefact(self._promotions[_environment][_seq])
    seq: uint256 = self._promote(_environment, word, artefact, True)
    log IEnvironments.RolledBack(environment=_environment, seq=seq, to_seq=_seq)
    return seq


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def environment_id(_owner: address, _name: String[64]) -> bytes32:
    """
    @notice Id of the environment that an owner has, or would have, under a name.
    """
    return self._environment_id(_owner, _name)


@external
@view
def environment_of(_environment: bytes32) -> (address, uint256, uint256):
    """
    @notice Owner, number of promotions and version of the policy that counts now; zeros when never declared.
    """
    word: uint256 = self._environments[_environment]
    if word == 0:
        return empty(address), 0, 0
    return (
        convert(word & U160, address),
        (word >> SEQ_AT) & U40,
        self._version(_environment, word),
    )


@external
@view
def policy_of(_environment: bytes32, _version: uint256) -> (uint256, DynArray[IEnvironments.PolicyEntry, MAX_ENTRIES]):
    """
    @notice A policy, past, present or announced: since when it counts (unix seconds) and its entries.
    """
    assert _version > 0 and _version <= self._environments[_environment] >> POLICY_AT, "environments: no such policy"
    entries: DynArray[IEnvironments.PolicyEntry, MAX_ENTRIES] = []
    first: uint256 = self._policies[_environment][_version][0]
    at_word: uint256 = 0
    for _: uint256 in range((first >> ENTRIES_AT) & U8, bound=MAX_ENTRIES):
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
    return first >> FROM_AT, entries


@external
@view
def current(_environment: bytes32) -> (bytes32, uint256, bool):
    """
    @notice What runs now: artefact, number of its promotion, and whether artefact and policy are still in order.
    """
    word: uint256 = self._environments[_environment]
    seq: uint256 = (word >> SEQ_AT) & U40
    if seq == 0:
        return empty(bytes32), 0, False
    artefact: bytes32 = self._artefact(self._promotions[_environment][seq])
    ok: bool = staticcall registry.status_of(artefact) == ACTIVE and self._is_met(
        _environment, self._version(_environment, word), artefact, False
    )
    return artefact, seq, ok


@external
@view
def promotion(_environment: bytes32, _seq: uint256) -> (bytes32, uint256):
    """
    @notice Artefact and block of a promotion; zeros when there is none of that number.
    """
    word: uint256 = self._promotions[_environment][_seq]
    return self._artefact(word), word & BLOCK_MASK


@external
@view
def at(_environment: bytes32, _block: uint256) -> (bytes32, uint256):
    """
    @notice What ran at the end of a past block, and its promotion; zeros when nothing did. The answer never changes.
    """
    assert _block < block.number, "environments: block is not past"
    low: uint256 = 0
    high: uint256 = (self._environments[_environment] >> SEQ_AT) & U40
    # Invariant: promotion `low` (0: none) is not after `_block`, promotion `high + 1` is.
    for _: uint256 in range(41):
        if low == high:
            break
        middle: uint256 = (low + high + 1) // 2
        if self._promotions[_environment][middle] & BLOCK_MASK <= _block:
            low = middle
        else:
            high = middle - 1
    return self._artefact(self._promotions[_environment][low]), low


@external
@view
def is_heartbeat_false(
    _heartbeat: IEnvironments.Heartbeat, _signature: Bytes[65], _record: IProvenanceRegistry.Record
) -> bool:
    """
    @notice Evidence for a slash: whether `node` signed that it ran bytes of another digest under a promotion than the
        artefact's that the promotion named. A heartbeat that is only old is no evidence, nor one of a number that was
        never given.
    @param _heartbeat What the node signed.
    @param _signature The node's, by key: a contract could change its answer.
    @param _record The record of the artefact at that promotion, as registered.
    """
    word: uint256 = self._promotions[_heartbeat.environment][convert(_heartbeat.promotionSeq, uint256)]
    if word == 0 or _record.digest == _heartbeat.digest:
        return False
    struct_hash: bytes32 = keccak256(abi_encode(HEARTBEAT_TYPE, _heartbeat))
    digest: bytes32 = eip712._hash_typed_data_v4(struct_hash)
    if not signatures._signed_by_key(_heartbeat.node, struct_hash, digest, _signature):
        return False
    return staticcall registry.record_id(_record) == self._artefact(word)


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
def _promote(_environment: bytes32, _word: uint256, _artefact: bytes32, _any_age: bool) -> uint256:
    assert staticcall registry.status_of(_artefact) == ACTIVE, "environments: artefact is not active"
    version: uint256 = self._version(_environment, _word)
    assert self._is_met(_environment, version, _artefact, _any_age), "environments: policy is not met"
    seq: uint256 = ((_word >> SEQ_AT) & U40) + 1
    self._environments[_environment] = _word + (1 << SEQ_AT)
    self._promotions[_environment][seq] = convert(_artefact, uint256) | block.number
    log IEnvironments.Promoted(environment=_environment, seq=seq, artefact=_artefact, policy_version=version)
    return seq


@internal
def _store_policy(
    _environment: bytes32,
    _version: uint256,
    _from: uint256,
    _policy: DynArray[IEnvironments.PolicyEntry, MAX_ENTRIES],
):
    at_word: uint256 = 0
    start: uint256 = (_from << FROM_AT) | (len(_policy) << ENTRIES_AT)
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
    log IEnvironments.PolicyAnnounced(environment=_environment, version=_version, effective_from=_from, entries=_policy)


@internal
@view
def _owned(_environment: bytes32) -> uint256:
    word: uint256 = self._environments[_environment]
    assert word & U160 == convert(msg.sender, uint256), "environments: not the owner"
    return word


@internal
@view
def _version(_environment: bytes32, _word: uint256) -> uint256:
    # At most one policy is under notice, so it is the last or the one before it.
    version: uint256 = _word >> POLICY_AT
    if self._policies[_environment][version][0] >> FROM_AT > block.timestamp:
        version -= 1
    return version


@internal
@view
def _is_met(_environment: bytes32, _version: uint256, _artefact: bytes32, _any_age: bool) -> bool:
    at_word: uint256 = 0
    entries: uint256 = (self._policies[_environment][_version][0] >> ENTRIES_AT) & U8
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
            if staticcall registry.is_standing(convert(attester & U160, address), schema, _artefact, not_before):
                missing -= 1
                if missing == 0:
                    break
        if missing > 0:
            return False
        at_word += 1 + count
    return True


@internal
@view
def _environment_id(_owner: address, _name: String[64]) -> bytes32:
    return keccak256(abi_encode(chain.id, self, _owner, _name))


@internal
@pure
def _artefact(_word: uint256) -> bytes32:
    return convert(_word & ~BLOCK_MASK, bytes32)
