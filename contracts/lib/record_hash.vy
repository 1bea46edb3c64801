# pragma version 0.4.3
"""
@title EIP-712 hashes of records, attestations and labels
@license MIT
@notice Members are hashed in the order of the structs in IProvenanceRegistry; a record's id follows from its digest.
"""

from ..interfaces import IProvenanceRegistry

# Part of a digest that is the id; the low six bytes are zero.
ID_MASK: constant(uint256) = max_value(uint256) - (2**48 - 1)

# EIP-712 types; members in the order of the structs.
LINK_TYPE: constant(bytes32) = keccak256("Link(uint8 relation,bytes32 parent)")
RECORD_TYPE: constant(bytes32) = keccak256(
    "Record(address author,uint8 kind,bytes32 digest,bytes32 contentRoot,bytes32 programRoot,bytes32 manifest,string uri,string licence,string version,Link[] links)Link(uint8 relation,bytes32 parent)"
)
REGISTER_TYPE: constant(bytes32) = keccak256(
    "Register(Record record,uint256 nonce,uint256 deadline)Link(uint8 relation,bytes32 parent)Record(address author,uint8 kind,bytes32 digest,bytes32 contentRoot,bytes32 programRoot,bytes32 manifest,string uri,string licence,string version,Link[] links)"
)
ATTESTATION_TYPE: constant(bytes32) = keccak256(
    "Attestation(bytes32 schema,bytes32 subject,uint64 expiry,bool revocable,bytes32 reference,bytes32 data)"
)
ATTEST_TYPE: constant(bytes32) = keccak256(
    "Attest(address attester,Attestation attestation,uint256 nonce,uint256 deadline)Attestation(bytes32 schema,bytes32 subject,uint64 expiry,bool revocable,bytes32 reference,bytes32 data)"
)
LABEL_TYPE: constant(bytes32) = keccak256(
    "Label(address labeller,bytes32 dataset,uint256 index,bytes32 sample,bytes32 label)"
)

# Hash of empty bytes, for a record without links.
EMPTY_HASH: constant(bytes32) = keccak256(b"")


@internal
@pure
def _record(_record: IProvenanceRegistry.Record) -> bytes32:
    links: bytes32 = EMPTY_HASH
    if len(_record.links) > 0:
        hashes: DynArray[bytes32, 16] = []
        for link: IProvenanceRegistry.Link in _record.links:
            hashes.append(keccak256(abi_encode(LINK_TYPE, link.relation, link.parent)))
        # The encoding of the array without its offset and length.
        links = keccak256(slice(abi_encode(hashes), 64, 32 * len(hashes)))
    return keccak256(
        abi_encode(
            RECORD_TYPE,
            _record.author,
            _record.kind,
            _record.digest,
            _record.contentRoot,
            _record.programRoot,
            _record.manifest,
            keccak256(_record.uri),
            keccak256(_record.licence),
            keccak256(_record.version),
            links,
        )
    )


@internal
@pure
def _register(_record_hash: bytes32, _nonce: uint256, _deadline: uint256) -> bytes32:
    return keccak256(abi_encode(REGISTER_TYPE, _record_hash, _nonce, _deadline))


@internal
@pure
def _attest(
    _attester: address, _attestation: IProvenanceRegistry.Attestation, _nonce: uint256, _deadline: uint256
) -> bytes32:
    attestation: bytes32 = keccak256(abi_encode(ATTESTATION_TYPE, _attestation))
    return keccak256(abi_encode(ATTEST_TYPE, _attester, attestation, _nonce, _deadline))


@internal
@pure
def _label(_label: IProvenanceRegistry.Label) -> bytes32:
    return keccak256(abi_encode(LABEL_TYPE, _label))


@internal
@pure
def _id(_digest: bytes32) -> bytes32:
    return convert(convert(_digest, uint256) & ID_MASK, bytes32)
