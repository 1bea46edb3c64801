# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title DataVerifier
@license MIT
@notice Verifies transfers of private data for intelligent NFTs (ERC-7857): as many attestors as it asks for have signed
    that the new data is the old, encrypted anew, and its key sealed to the receiver. A service of the staking hub:
    attestors lose coins for a wrong key, and for two statements under one nonce.
@dev Any token contract may ask; it answers `moving()` meanwhile. One signature an attestor covers all items. A verified
    transfer keeps one word: what was said and who said it, by hash, and until when a wrong key can be proved. Whoever
    proves one brings what was said.
@custom:security Attestors that collude can sign a right key of wrong data: no proof of that is known here. A transfer
    that backs nothing is worth the attestors' penalty alone. The owner names attestors, with notice. After the
    verifier's removal from the hub and its horizon, anybody pokes attestors that took their coins back, and they do not
    count.
@custom:kill The timelock removes the service from the hub: nothing is backed any more. Verification itself goes on
    while attestors have coins behind it.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ethereum.ercs import IERC20
from ..interfaces import IDataVerifier
from ..interfaces import IIntelligentNFT
from ..interfaces import IService

implements: IDataVerifier
implements: IService


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from snekmate.utils import eip712_domain_separator as eip712
from ..lib import signatures
from ..lib import token_transfers
from .lib import attestors
from .lib import liability
from .lib import seals
from .lib import statements

initializes: eip712
initializes: signatures[eip712 := eip712]
initializes: attestors
initializes: liability[eip712 := eip712, attestors := attestors]
exports: (
    eip712.eip712Domain,
    attestors.MATURITY,
    attestors.NOTICE,
    attestors.LEAST,
    attestors.EVIDENCE_WINDOW,
    attestors.hub,
    attestors.owner,
    attestors.name_attestor,
    attestors.drop_attestor,
    attestors.join,
    attestors.leave,
    attestors.release,
    attestors.remove_attestor,
    attestors.poke,
    attestors.attestor,
    attestors.reserved,
    liability.COMPLAINT_WINDOW,
    liability.PENALTY,
    liability.REWARD,
    liability.token,
    liability.signers_needed,
    liability.contradicted,
    liability.credits,
    liability.prove_wrong_key,
    liability.prove_contradiction,
    liability.free,
    liability.withdraw,
    liability.verdict,
)


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# From a signature's use to its deadline at the longest, seconds.
LONGEST_DEADLINE: constant(uint256) = 7 * 86_400


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_token: address, _hub: address, _owner: address, _signers_needed: uint256):
    """
    @param _owner Names attestors.
    @param _signers_needed Attestors that have to sign a transfer, for ever.
    """
    eip712.__init__("Keifu DataVerifier", "1")
    attestors.__init__(_hub, _owner)
    liability.__init__(_token, _signers_needed)


# ############################################################## #
#                            ERC-7857                            #
# ############################################################## #

@external
def verifyTransferValidity(
    _proofs: DynArray[IDataVerifier.TransferValidityProof, 8]
) -> DynArray[IDataVerifier.TransferValidityProofOutput, 8]:
    """
    @notice Check the proofs of what the caller, a token contract, is moving, and spend their nonce.
    """
    move: IDataVerifier.Move = staticcall IIntelligentNFT(msg.sender).moving()
    assert len(_proofs) > 0, "verifier: no proof"
    # What holds for all items stands in the first proof alone.
    size: uint256 = statements.HEAD + statements.SIGNATURE * liability.signers_needed
    nonce_size: uint256 = 32
    items: DynArray[bytes32, 8] = []
    data: DynArray[bytes32, 8] = []
    outputs: DynArray[IDataVerifier.TransferValidityProofOutput, 8] = []
    for proof: IDataVerifier.TransferValidityProof in _proofs:
        old: bytes32 = proof.ownershipProof.oldDataHash
        new: bytes32 = proof.ownershipProof.newDataHash
        assert old == proof.accessProof.oldDataHash and new == proof.accessProof.newDataHash, (
            "verifier: access to other data"
        )
        assert new != old and new != empty(bytes32), "verifier: data is not encrypted anew"
        assert proof.ownershipProof.oracleType == 0, "verifier: no such oracle"
        assert len(proof.ownershipProof.encryptedPubKey) == 64, "verifier: receiver has no public key"
        assert seals._is_form(proof.ownershipProof.sealedKey), "verifier: sealed key has no such form"
        key: bytes32 = keccak256(proof.ownershipProof.encryptedPubKey)
        if len(proof.accessProof.encryptedPubKey) == 0:
            # A receiver that wants no key of its own has it sealed to its account's.
            assert seals._address_of(proof.ownershipProof.encryptedPubKey) == move.receiver, (
                "verifier: sealed to another key"
            )
        else:
            assert keccak256(proof.accessProof.encryptedPubKey) == key, "verifier: sealed to another key"
        assert (
            len(proof.ownershipProof.proof) == size
            and len(proof.ownershipProof.nonce) == nonce_size
            and len(proof.accessProof.nonce) == nonce_size
        ), "verifier: proof has no such form"
        size = 32
        nonce_size = 0
        items.append(
            statements._item(
                old,
                new,
                keccak256(proof.ownershipProof.sealedKey),
                key,
                extract32(proof.ownershipProof.proof, 0),
            )
        )
        data.append(keccak256(abi_encode(statements.DATUM_TYPE, old, new, key)))
        outputs.append(
            IDataVerifier.TransferValidityProofOutput(
                oldDataHash=old,
                newDataHash=new,
                sealedKey=proof.ownershipProof.sealedKey,
                encryptedPubKey=proof.ownershipProof.encryptedPubKey,
                wantedKey=proof.accessProof.encryptedPubKey,
                accessAssistant=empty(address),
                accessProofNonce=proof.accessProof.nonce,
                ownershipProofNonce=proof.ownershipProof.nonce,
            )
        )
    accessor: address = self._verify(
        move,
        statements._list(items),
        statements._list(data),
        outputs[0].ownershipProofNonce,
        outputs[0].accessProofNonce,
        _proofs[0].ownershipProof.proof,
        _proofs[0].accessProof.proof,
    )
    for i: uint256 in range(len(outputs), bound=8):
        outputs[i].accessAssistant = accessor
    return outputs


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def terms() -> IService.Terms:
    """
    @notice What the service promises to those who use it.
    """
    return IService.Terms(
        evidence_window=attestors.EVIDENCE_WINDOW,
        rounds=0,
        court=empty(address),
        smallest=0,
        largest=liability.MAX_BACKING,
    )


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
def _verify(
    _move: IDataVerifier.Move,
    _items: bytes32,
    _data: bytes32,
    _nonce: Bytes[32],
    _access_nonce: Bytes[32],
    _proof: Bytes[320],
    _access_proof: Bytes[130],
) -> address:
    """
    @dev Check who signed, and spend the nonce.
    @return Who says that the data can be got.
    """
    nonce: bytes32 = extract32(_nonce, 0)
    assert extract32(_access_nonce, 0) == nonce, "verifier: access under another nonce"
    terms: statements.Terms = statements._terms(_proof)
    assert terms.chain_id == chain.id, "verifier: proof is for another chain"
    assert block.timestamp <= terms.deadline, "verifier: proof has expired"
    assert terms.deadline <= block.timestamp + LONGEST_DEADLINE, "verifier: deadline too far"
    assert terms.epoch <= attestors._epoch(), "verifier: signed in an epoch to come"
    statement: bytes32 = statements._statement(msg.sender, _move, _items, terms, nonce)
    signers: DynArray[address, 4] = self._signers(statement, _proof)
    until: uint256 = liability._answer_for(msg.sender, nonce, statement, signers, terms)
    log IDataVerifier.TransferVerified(
        token=msg.sender,
        token_id=_move.token_id,
        nonce=nonce,
        signers=signers,
        backing=terms.backing,
        until=until,
    )
    return self._accessor(_move, statements._access(msg.sender, _move, _data, terms.deadline, nonce), _access_proof)


@internal
@view
def _signers(_statement: bytes32, _proof: Bytes[320]) -> DynArray[address, 4]:
    """
    @dev Who signed, in the order of their addresses; each is an attestor, whatever it weighs.
    """
    digest: bytes32 = eip712._hash_typed_data_v4(_statement)
    signers: DynArray[address, 4] = []
    last: uint256 = 0
    for i: uint256 in range(liability.signers_needed, bound=liability.MAX_SIGNERS):
        signer: address = signatures._recovered(
            digest, slice(_proof, statements.HEAD + statements.SIGNATURE * i, statements.SIGNATURE)
        )
        assert attestors.weights[signer] != 0, "verifier: not signed by an attestor"
        assert convert(signer, uint256) > last, "verifier: signers are not in order"
        last = convert(signer, uint256)
        signers.append(signer)
    return signers


@internal
@view
def _accessor(_move: IDataVerifier.Move, _access: bytes32, _signature: Bytes[130]) -> address:
    """
    @dev Who says that the receiver can get the data: itself, or its assistant.
    """
    if _move.assistant != empty(address) and signatures._signed(_move.assistant, _access, _signature):
        return _move.assistant
    assert signatures._signed(_move.receiver, _access, _signature), "verifier: receiver has not signed"
    return _move.receiver
