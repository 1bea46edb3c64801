# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Attestations: what attesters say about records
@license MIT
@notice One word holds the latest statement of an attester about a subject under a schema; the words before it are in
    the events. A policy therefore asks for attesters, and nobody has to hand in attestation ids.
"""

from ..interfaces import IProvenanceRegistry
from . import identities

uses: identities

# An attestation's word: time (40), expiry (64), revoked at (40), edition (32), revocable (1).
EXPIRY_AT: constant(uint256) = 40
REVOKED_AT: constant(uint256) = 104
EDITION_AT: constant(uint256) = 144
REVOCABLE_AT: constant(uint256) = 176
U32: constant(uint256) = 2**32 - 1
U40: constant(uint256) = 2**40 - 1
U64: constant(uint256) = 2**64 - 1

# keccak256(attester, schema, subject) -> word of the latest attestation.
_attestations: HashMap[bytes32, uint256]


@internal
def _attest(_attester: address, _attestation: IProvenanceRegistry.Attestation) -> bytes32:
    identities._check_open(_attester)
    expiry: uint256 = convert(_attestation.expiry, uint256)
    assert expiry == 0 or expiry > block.timestamp, "registry: already expired"
    assert (
        _attestation.reference == empty(bytes32) or self._attestations[_attestation.reference] != 0
    ), "registry: unknown reference"
    key: bytes32 = self._key(_attester, _attestation.schema, _attestation.subject)
    word: uint256 = self._attestations[key]
    # Else a new edition with a near expiry would take back what was promised to stand.
    assert (word >> REVOCABLE_AT) & 1 == 1 or not self._stands(word), "registry: attestation stands"
    edition: uint256 = ((word >> EDITION_AT) & U32) + 1
    self._attestations[key] = (
        block.timestamp
        | (expiry << EXPIRY_AT)
        | (edition << EDITION_AT)
        | (convert(_attestation.revocable, uint256) << REVOCABLE_AT)
    )
    log IProvenanceRegistry.Attested(
        attester=_attester,
        schema=_attestation.schema,
        subject=_attestation.subject,
        edition=edition,
        expiry=_attestation.expiry,
        revocable=_attestation.revocable,
        reference=_attestation.reference,
        data=_attestation.data,
    )
    return key


@external
def revoke_attestation(_schema: bytes32, _subject: bytes32, _attester: address = msg.sender):
    """
    @notice Take back one's latest attestation, if it was made revocable.
    @param _schema Its schema.
    @param _subject The record it is about.
    @param _attester Whose it is: one's own, or of an account that one acts for.
    """
    key: bytes32 = self._key(_attester, _schema, _subject)
    word: uint256 = self._attestations[key]
    assert word != 0, "registry: unknown attestation"
    assert identities._acts_for(msg.sender, _attester), "registry: not the account's key"
    assert (word >> REVOCABLE_AT) & 1 == 1, "registry: attestation is irrevocable"
    assert (word >> REVOKED_AT) & U40 == 0, "registry: already revoked"
    self._attestations[key] = word | (block.timestamp << REVOKED_AT)
    log IProvenanceRegistry.AttestationRevoked(
        attester=_attester, schema=_schema, subject=_subject, edition=(word >> EDITION_AT) & U32
    )


@external
@view
def attestation_of(
    _attester: address, _schema: bytes32, _subject: bytes32
) -> (uint256, uint64, uint256, uint256, bool):
    """
    @notice Latest attestation: time, expiry, revoked at (0: not), edition (0: none yet), revocable.
    """
    word: uint256 = self._attestations[self._key(_attester, _schema, _subject)]
    return (
        word & U40,
        convert((word >> EXPIRY_AT) & U64, uint64),
        (word >> REVOKED_AT) & U40,
        (word >> EDITION_AT) & U32,
        (word >> REVOCABLE_AT) & 1 == 1,
    )


@external
@view
def is_standing(_attester: address, _schema: bytes32, _subject: bytes32, _not_before: uint256) -> bool:
    """
    @notice Whether an attestation is there, not revoked, not expired and made at `_not_before` or later.
    """
    word: uint256 = self._attestations[self._key(_attester, _schema, _subject)]
    return self._stands(word) and word & U40 >= _not_before


@internal
@view
def _stands(_word: uint256) -> bool:
    expiry: uint256 = (_word >> EXPIRY_AT) & U64
    return _word != 0 and (_word >> REVOKED_AT) & U40 == 0 and (expiry == 0 or expiry > block.timestamp)


@internal
@pure
def _key(_attester: address, _schema: bytes32, _subject: bytes32) -> bytes32:
    return keccak256(abi_encode(_attester, _schema, _subject))
