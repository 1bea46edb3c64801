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
    a list of (schema, attesters, how many of them, how old at most), and may ask that everything an artefact was made
    from is active: then the links of its lineage have to be stored in the registry. A new policy counts after `NOTICE`;
    old ones stay readable.
@custom:security An environment's owner is trusted to choose among what the policy allows, and with the policy, after
    notice. Its key follows the replacements in the registry. An attestation may be revoked, or an ancestor withdrawn,
    after a promotion; `current` then says so, and promotes nothing by itself. Within one block the last promotion
    counts. Nodes should sign heartbeats for promotions that are final: after a reorganisation
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
from ..lib import policies
from ..lib import promotions
from ..lib import restitutions
from ..lib import signatures

initializes: eip712
initializes: signatures[eip712 := eip712]
initializes: promotions
initializes: policies
initializes: restitutions

exports: (
    eip712.eip712Domain,
    promotions.promotion,
    promotions.at,
)


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Time between announcing a policy and its effect, seconds.
NOTICE: public(constant(uint256)) = 86_400

# Most entries of a policy.
MAX_ENTRIES: constant(uint256) = policies.MAX_ENTRIES

# State of a record that may be promoted.
ACTIVE: constant(uint8) = 1

# Kinds of record that something can run, a bit each: 3 code, 4 weights, 5 model, 8 container, 9 agent.
RUNNABLE: constant(uint256) = (1 << 3) | (1 << 4) | (1 << 5) | (1 << 8) | (1 << 9)

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
def declare_environment(
    _name: String[64],
    _policy: DynArray[IEnvironments.PolicyEntry, MAX_ENTRIES],
    _sound: bool = False,
    _restitution: address = empty(address),
) -> bytes32:
    """
    @notice Declare an environment; the caller owns it. Its first policy counts at once.
    @param _name Its name, unique for the owner.
    @param _policy What a promotion needs; an empty one allows every active record that can run.
    @param _sound Whether everything that an artefact was made from has to be active, too.
    @param _restitution To whom the damages of a false heartbeat go; zero for the owner.
    @return The environment's id.
    """
    assert len(_name) > 0, "environments: empty name"
    environment: bytes32 = self._environment_id(msg.sender, _name)
    assert promotions._environments[environment] == 0, "environments: already declared"
    promotions._environments[environment] = convert(msg.sender, uint256) | (1 << promotions.POLICY_AT)
    log IEnvironments.Declared(environment=environment, owner=msg.sender, name=_name)
    policies._store(environment, 1, block.timestamp, _policy, _sound)
    if _restitution != empty(address):
        restitutions._announce(environment, _restitution, block.timestamp)
    return environment


# ############################################################## #
#                 ENVIRONMENT OWNER'S FUNCTIONS                  #
# ############################################################## #

@external
def announce_policy(
    _environment: bytes32, _policy: DynArray[IEnvironments.PolicyEntry, MAX_ENTRIES], _sound: bool = False
):
    """
    @notice Announce the next policy; it counts after `NOTICE`.
    @param _environment One's environment.
    @param _policy What a promotion needs from then on.
    @param _sound Whether everything that an artefact was made from has to be active, too.
    """
    word: uint256 = self._owned(_environment)
    version: uint256 = word >> promotions.POLICY_AT
    assert not policies._is_under_notice(_environment, version), "environments: a policy is under notice"
    promotions._environments[_environment] = word + (1 << promotions.POLICY_AT)
    policies._store(_environment, version + 1, block.timestamp + NOTICE, _policy, _sound)


@external
def announce_restitution(_environment: bytes32, _to: address):
    """
    @notice Announce to whom the damages of a false heartbeat go; it counts after `NOTICE`.
    @param _environment One's environment.
    @param _to The address; zero for the owner.
    """
    self._owned(_environment)
    restitutions._announce(_environment, _to, block.timestamp + NOTICE)


@external
def promote(_environment: bytes32, _artefact: bytes32) -> uint256:
    """
    @notice Run an artefact from now on. Reverts unless it is active, of a kind that can run, and as the policy asks.
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
    assert _seq > 0 and _seq < (word >> promotions.SEQ_AT) & promotions.U40, "environments: not an earlier promotion"
    artefact: bytes32 = promotions._artefact(promotions._promotions[_environment][_seq])
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
    word: uint256 = promotions._environments[_environment]
    if word == 0:
        return empty(address), 0, 0
    return (
        self._owner(word),
        (word >> promotions.SEQ_AT) & promotions.U40,
        policies._in_force(_environment, word >> promotions.POLICY_AT),
    )


@external
@view
def restitution_of(_environment: bytes32) -> address:
    """
    @notice To whom the damages of a false heartbeat go now; the owner when no other was named, zero when never
        declared.
    """
    return restitutions._restitution(_environment, self._owner(promotions._environments[_environment]))


@external
@view
def policy_of(
    _environment: bytes32, _version: uint256
) -> (uint256, DynArray[IEnvironments.PolicyEntry, MAX_ENTRIES], bool):
    """
    @notice A policy, past, present or announced: since when it counts (unix seconds), its entries, and whether
        everything that an artefact was made from has to be active.
    """
    last: uint256 = promotions._environments[_environment] >> promotions.POLICY_AT
    assert _version > 0 and _version <= last, "environments: no such policy"
    return policies._read(_environment, _version)


@external
@view
def current(_environment: bytes32) -> (bytes32, uint256, bool):
    """
    @notice What runs now: artefact, number of its promotion, and whether artefact and policy are still in order, its
        lineage included where the policy asks for it.
    """
    word: uint256 = promotions._environments[_environment]
    seq: uint256 = (word >> promotions.SEQ_AT) & promotions.U40
    if seq == 0:
        return empty(bytes32), 0, False
    artefact: bytes32 = promotions._artefact(promotions._promotions[_environment][seq])
    version: uint256 = policies._in_force(_environment, word >> promotions.POLICY_AT)
    ok: bool = (
        staticcall registry.status_of(artefact) == ACTIVE
        and policies._is_met(registry, _environment, version, artefact, False)
        and policies._is_sound(registry, _environment, version, artefact)
    )
    return artefact, seq, ok


@external
@view
def is_heartbeat_false(
    _heartbeat: IEnvironments.Heartbeat, _signature: Bytes[65], _record: IProvenanceRegistry.Record
) -> bool:
    """
    @notice Evidence for a slash: whether `node` signed that it ran bytes of another digest under a promotion than the
        artefact's that the promotion named. A heartbeat that is only old is no evidence, nor one of a number that was
        never given, or of a time that has not come.
    @param _heartbeat What the node signed.
    @param _signature The node's, by key: a contract could change its answer.
    @param _record The record of the artefact at that promotion, as registered.
    """
    word: uint256 = promotions._promotions[_heartbeat.environment][convert(_heartbeat.promotionSeq, uint256)]
    if word == 0 or _record.digest == _heartbeat.digest:
        return False
    if _heartbeat.time == 0 or convert(_heartbeat.time, uint256) > block.timestamp:
        return False
    if not self._is_signed(_heartbeat, _signature):
        return False
    return staticcall registry.record_id(_record) == promotions._artefact(word)


@external
@view
def is_heartbeat_signed(_heartbeat: IEnvironments.Heartbeat, _signature: Bytes[65]) -> bool:
    """
    @notice Whether `node` signed a heartbeat, by key: two that contradict each other are evidence, too.
    """
    return self._is_signed(_heartbeat, _signature)


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
@view
def _is_signed(_heartbeat: IEnvironments.Heartbeat, _signature: Bytes[65]) -> bool:
    struct_hash: bytes32 = keccak256(abi_encode(HEARTBEAT_TYPE, _heartbeat))
    digest: bytes32 = eip712._hash_typed_data_v4(struct_hash)
    return signatures._signed_by_key(_heartbeat.node, struct_hash, digest, _signature)


@internal
def _promote(_environment: bytes32, _word: uint256, _artefact: bytes32, _any_age: bool) -> uint256:
    author: address = empty(address)
    kind: uint8 = 0
    status: uint8 = 0
    time: uint256 = 0
    author, kind, status, time = staticcall registry.state_of(_artefact)
    assert status == ACTIVE, "environments: artefact is not active"
    assert (RUNNABLE >> convert(kind, uint256)) & 1 == 1, "environments: nothing runs this kind"
    version: uint256 = policies._in_force(_environment, _word >> promotions.POLICY_AT)
    assert policies._is_met(registry, _environment, version, _artefact, _any_age), "environments: policy is not met"
    assert policies._is_sound(registry, _environment, version, _artefact), "environments: lineage is not sound"
    seq: uint256 = promotions._append(_environment, _word, _artefact)
    log IEnvironments.Promoted(environment=_environment, seq=seq, artefact=_artefact, policy_version=version)
    return seq


@internal
@view
def _owned(_environment: bytes32) -> uint256:
    word: uint256 = promotions._environments[_environment]
    assert word != 0 and staticcall registry.acts_for(msg.sender, self._owner(word)), "environments: not the owner"
    return word


@internal
@pure
def _owner(_word: uint256) -> address:
    return convert(_word & promotions.U160, address)


@internal
@view
def _environment_id(_owner: address, _name: String[64]) -> bytes32:
    return keccak256(abi_encode(chain.id, self, _owner, _name))
