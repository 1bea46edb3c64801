# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title ProvenanceRegistry
@license MIT
@notice Records of data sets, labels, code, weights, models, runs and evaluations, and how each was made from the
    others; what attesters say about them; and anchors, which fix any number of signed records or labels in one
    transaction. Nothing here can be altered or removed: a record may only be marked deprecated or revoked by its
    author.
@dev A record's id is its EIP-712 digest with the low six bytes cleared, so it commits to chain, registry, author,
    content and parents, and leaves room for a block number in the same word wherever a history of ids is stored. Only
    what contracts ask for is stored, one word a record; the rest is in the event, and `check_record` holds a supplied
    record against its id. A parent is named by its id and has to be there first: the graph can have no cycle.
@custom:security Nobody is trusted. Ids hash to 208 bits, so two records of one id cost 2**104 hashes to find. A
    digest may be registered by several authors: look up by digest *and* authors that you trust. What an attester says
    is his latest word for (schema, subject); earlier words are in the events. Signatures in views come from keys
    only, because a contract could change its answer later.
@custom:kill Cannot be stopped: no owner, no pause, no funds.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IProvenanceRegistry

implements: IProvenanceRegistry


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from snekmate.utils import eip712_domain_separator as eip712
from ..lib import anchors
from ..lib import attestations
from ..lib import identities
from ..lib import leaves
from ..lib import merkle
from ..lib import record_hash
from ..lib import records
from ..lib import signatures

initializes: eip712
initializes: signatures[eip712 := eip712]
initializes: attestations[identities := identities]
initializes: anchors[eip712 := eip712, identities := identities, leaves := leaves, signatures := signatures]
initializes: records[eip712 := eip712]
initializes: identities
initializes: leaves

exports: (
    eip712.eip712Domain,
    attestations.revoke_attestation,
    attestations.attestation_of,
    attestations.is_standing,
    identities.RECOVERY_NOTICE,
    identities.propose_replacement,
    identities.accept_replacement,
    identities.declare_lost,
    identities.name_recovery,
    identities.claim_name,
    identities.identity_of,
    identities.acts_for,
    leaves.leaf_revoked_at,
    records.store_links,
    records.state_of,
    records.status_of,
    records.soundness_of,
    anchors.revoke_anchor,
    anchors.revoke_leaf,
    anchors.revoke_label,
    anchors.anchor_of,
    anchors.is_member,
    anchors.is_label,
    anchors.is_record,
)


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Kinds of record: 1 data set, 2 label set, 3 code, 4 weights, 5 model, 6 run, 7 evaluation, 8 container, 9 agent,
# 10 receipt batch.
KINDS: constant(uint8) = 10

# Relations of a link: 1 derived from, 2 trained on, 3 labelled by, 4 fine-tuned from, 5 quantised from,
# 6 evaluated on, 7 supersedes.
RELATIONS: constant(uint8) = 7

# Most attestations in one call.
MAX_BATCH: constant(uint256) = 32

# Most hashes of a proof that may end below the root: with the last one added, every other function takes it, too.
SHORT_DEPTH: constant(uint256) = merkle.MAX_DEPTH - 1


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# Signer -> number that the next signature has to carry.
nonces: public(HashMap[address, uint256])

# Anchorer -> half of a tree that it anchored -> the tree's root. Last: whoever proves state knows the slots before.
_roots_above: HashMap[address, HashMap[bytes32, bytes32]]


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__():
    """
    @notice Nothing to choose: no owner and no parameter.
    """
    eip712.__init__("Keifu Provenance", "1")


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def register(_record: IProvenanceRegistry.Record) -> bytes32:
    """
    @notice Register a record of one's own.
    @param _record What is said about the artefact; `author` is the caller.
    @return The record's id.
    """
    assert _record.author == msg.sender, "registry: not the author"
    return self._register(_record, record_hash._record(_record))


@external
def register_for(
    _record: IProvenanceRegistry.Record, _deadline: uint256, _signature: Bytes[signatures.MAX_SIGNATURE]
) -> bytes32:
    """
    @notice Register a record for its author, who signed `Register(record, nonce, deadline)`. Anyone may pay for it.
    @param _record What is said about the artefact.
    @param _deadline Last second in which the signature counts.
    @param _signature The author's, by key or ERC-1271.
    @return The record's id.
    """
    content: bytes32 = record_hash._record(_record)
    nonce: uint256 = self._use_nonce(_record.author)
    self._check_signature(_record.author, record_hash._register(content, nonce, _deadline), _deadline, _signature)
    return self._register(_record, content)


@external
def set_status(_id: bytes32, _status: uint8, _reason: String[128]):
    """
    @notice Mark a record of one's own deprecated (2) or revoked (3), for good.
    @param _id The record.
    @param _status The new state; only upwards.
    @param _reason In words, for whoever relied on it.
    """
    word: uint256 = records._records[_id]
    assert word != 0, "registry: unknown record"
    author: address = convert(word & records.U160, address)
    assert identities._acts_for(msg.sender, author), "registry: not the record's author"
    assert convert(_status, uint256) > word >> records.STATUS_AT, "registry: status only grows"
    assert _status <= records.REVOKED, "registry: unknown status"
    assert len(_reason) > 0, "registry: no reason given"
    records._set_status(_id, _status)
    log IProvenanceRegistry.StatusChanged(id=_id, status=_status, reason=_reason)


@external
def attest(_attestation: IProvenanceRegistry.Attestation) -> bytes32:
    """
    @notice Say something about a record under a schema; replaces what one said there before.
    @param _attestation The statement.
    @return Key under which another attestation may refer to this one.
    """
    return self._attest(msg.sender, _attestation)


@external
def attest_many(_attestations: DynArray[IProvenanceRegistry.Attestation, MAX_BATCH]):
    """
    @notice Several attestations at once; all or none.
    @param _attestations The statements.
    """
    assert len(_attestations) > 0, "registry: empty batch"
    for attestation: IProvenanceRegistry.Attestation in _attestations:
        self._attest(msg.sender, attestation)


@external
def attest_for(
    _attester: address,
    _attestation: IProvenanceRegistry.Attestation,
    _deadline: uint256,
    _signature: Bytes[signatures.MAX_SIGNATURE],
) -> bytes32:
    """
    @notice Pass on an attestation whose attester signed `Attest(attester, attestation, nonce, deadline)`.
    @param _attester Who says it.
    @param _attestation The statement.
    @param _deadline Last second in which the signature counts.
    @param _signature The attester's, by key or ERC-1271.
    @return Key under which another attestation may refer to this one.
    """
    nonce: uint256 = self._use_nonce(_attester)
    struct_hash: bytes32 = record_hash._attest(_attester, _attestation, nonce, _deadline)
    self._check_signature(_attester, struct_hash, _deadline, _signature)
    return self._attest(_attester, _attestation)


@external
def anchor(
    _root: bytes32,
    _count: uint256,
    _manifest: bytes32,
    _uri: String[128],
    _halves: bytes32[2] = empty(bytes32[2]),
):
    """
    @notice Fix a tree of any number of signed records or labels: OpenZeppelin's StandardMerkleTree of [`bytes32`], one
        EIP-712 digest a leaf.
    @param _root The tree's root.
    @param _count Number of leaves, as the anchorer states it.
    @param _manifest Hash of the document that describes the batch.
    @param _uri Where the batch is found.
    @param _halves The two nodes below the root, in any order: `root_of` then takes proofs without their last hash.
        Zeros for none.
    """
    assert _root != empty(bytes32), "registry: empty root"
    assert _count > 0 and _count <= anchors.MAX_COUNT, "registry: leaf count out of range"
    assert anchors._anchors[msg.sender][_root] == 0, "registry: root is anchored"
    identities._check_open(msg.sender)
    anchors._anchors[msg.sender][_root] = block.timestamp | (_count << anchors.COUNT_AT)
    if _halves[0] != empty(bytes32) or _halves[1] != empty(bytes32):
        assert merkle._root(_halves[0], [_halves[1]]) == _root, "registry: not the root's halves"
        for half: bytes32 in _halves:
            # Under a second root, a proof that ends here would change its answer.
            assert self._roots_above[msg.sender][half] == empty(bytes32), "registry: half is anchored"
            self._roots_above[msg.sender][half] = _root
    log IProvenanceRegistry.Anchored(anchorer=msg.sender, root=_root, count=_count, manifest=_manifest, uri=_uri)


@external
def cancel_nonce():
    """
    @notice Make every signature that one gave and nobody used yet worthless.
    """
    self._use_nonce(msg.sender)


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def record_id(_record: IProvenanceRegistry.Record) -> bytes32:
    """
    @notice Id that a record has here, registered or not.
    """
    return records._id(record_hash._record(_record))


@external
@view
def check_record(_record: IProvenanceRegistry.Record) -> uint8:
    """
    @notice State of the record with exactly this content: 0 unknown, 1 active, 2 deprecated, 3 revoked.
    """
    return records._status(records._id(record_hash._record(_record)))


@external
@view
def root_of(_anchorer: address, _digest: bytes32, _proof: DynArray[bytes32, SHORT_DEPTH]) -> bytes32:
    """
    @notice Root of an anchored tree in which a digest is a leaf that its anchorer did not take back; zero when there is
        none. Says nothing about who signed it.
    @param _anchorer Who anchored the tree.
    @param _digest The leaf's EIP-712 digest.
    @param _proof From the bottom up to the root or, where the tree was anchored by its halves, to one of them.
    """
    node: bytes32 = merkle._root(anchors._leaf(_digest), _proof)
    for root: bytes32 in [self._roots_above[_anchorer][node], node]:
        if anchors._counts(_anchorer, root, _digest):
            return root
    return empty(bytes32)


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
def _register(_record: IProvenanceRegistry.Record, _content: bytes32) -> bytes32:
    assert _record.kind > 0 and _record.kind <= KINDS, "registry: unknown kind"
    assert _record.digest != empty(bytes32), "registry: empty digest"
    id: bytes32 = records._id(_content)
    assert records._records[id] == 0, "registry: record is registered"
    identities._check_open(_record.author)
    for link: IProvenanceRegistry.Link in _record.links:
        assert link.relation > 0 and link.relation <= RELATIONS, "registry: unknown relation"
        status: uint8 = records._status(link.parent)
        assert status != 0, "registry: unknown parent"
        assert status != records.REVOKED or link.relation == records.SUPERSEDES, "registry: parent is revoked"
    records._records[id] = (
        convert(_record.author, uint256)
        | (block.timestamp << records.TIME_AT)
        | (convert(_record.kind, uint256) << records.KIND_AT)
        | (convert(records.ACTIVE, uint256) << records.STATUS_AT)
    )
    log IProvenanceRegistry.Registered(id=id, author=_record.author, digest=_record.digest, record=_record)
    return id


@internal
def _use_nonce(_signer: address) -> uint256:
    nonce: uint256 = self.nonces[_signer]
    self.nonces[_signer] = nonce + 1
    log IProvenanceRegistry.NonceUsed(signer=_signer, nonce=nonce)
    return nonce


@internal
def _attest(_attester: address, _attestation: IProvenanceRegistry.Attestation) -> bytes32:
    status: uint8 = records._status(_attestation.subject)
    assert status != 0, "registry: unknown subject"
    assert status != records.REVOKED, "registry: subject is revoked"
    return attestations._attest(_attester, _attestation)


@internal
@view
def _check_signature(
    _signer: address, _struct_hash: bytes32, _deadline: uint256, _signature: Bytes[signatures.MAX_SIGNATURE]
):
    assert block.timestamp <= _deadline, "registry: signature expired"
    assert signatures._signed(_signer, _struct_hash, _signature), "registry: invalid signature"
