# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title DataVerifier
@license MIT
@notice Verifies transfers of private data for intelligent NFTs (ERC-7857): as many attestors as it asks for have signed that
    the new data is the old, encrypted anew, and its key sealed to the receiver. A service of the staking hub: attestors
    lose coins for a wrong key, and for two statements under one nonce.
@dev Any token contract may ask; it answers `moving()` meanwhile. One signature an attestor covers all items. A verified
    transfer keeps one word: what was said and who said it, by hash, until when a wrong key can be proved. Whoever proves
    one brings the proofs again.
@custom:security Attestors that collude can sign a right key of wrong data: no proof of that is known here. A transfer that
    backs nothing is worth the attestors' penalty alone. The owner names attestors, with notice. After the verifier's
    removal from the hub and its horizon, anybody pokes attestors that took their coins back, and they do not count.
@custom:kill The timelock removes the service from the hub: nothing is backed any more. Verification itself goes on while
    attestors have coins behind it.
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
from .lib import seals
from .lib import statements

initializes: eip712
initializes: signatures[eip712 := eip712]
initializes: attestors
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
)


# ############################################################## #
#                             STRUCTS                            #
# ############################################################## #

# A statement with its items by hash, as evidence.
struct Statement:
    move: IDataVerifier.Move
    items: bytes32
    terms: statements.Terms
    signature: Bytes[65]


# What the proofs of one transfer say.
struct Reading:
    terms: statements.Terms
    nonce: bytes32
    items: bytes32  # hash of what attestors sign of the items
    data: bytes32  # hash of what the receiver signs of them


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Data items of a transfer, and attestors that sign one.
MAX_ITEMS: constant(uint256) = 8
MAX_SIGNERS: constant(uint256) = 7

# From a transfer to the last proof of a wrong key, seconds.
COMPLAINT_WINDOW: public(constant(uint256)) = 3 * 86_400

# From a signature's use to its deadline at the longest, seconds.
LONGEST_DEADLINE: constant(uint256) = 7 * 86_400

# What each signer of a wrong key, or an attestor that contradicts itself, loses beside damages, wei.
PENALTY: public(constant(uint256)) = 200 * 10**18

# What whoever shows a contradiction gets, wei.
REWARD: public(constant(uint256)) = 40 * 10**18

# Promise to one sender at the most, wei.
MAX_BACKING: constant(uint256) = 40_000 * 10**18

# A transfer's word: until 40 | wrong 1 | freed 1 | hash of what was said and by whom 214.
WRONG: constant(uint256) = 1 << 40
FREED: constant(uint256) = 1 << 41
COMMITMENT: constant(uint256) = ~(2**42 - 1)
UNTIL: constant(uint256) = 2**40 - 1


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# The coin at stake.
token: public(immutable(IERC20))

# Attestors that have to sign.
signers_needed: public(immutable(uint256))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# token contract -> nonce -> the transfer's word. Once written it is never zero again.
transfers: HashMap[address, HashMap[bytes32, uint256]]

# token contract -> nonce -> wei that its signers promised.
backings: HashMap[address, HashMap[bytes32, uint256]]

# token contract -> nonce -> attestor -> its contradiction was punished.
contradicted: public(HashMap[address, HashMap[bytes32, HashMap[address, bool]]])

# account -> wei to withdraw.
credits: public(HashMap[address, uint256])


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_token: address, _hub: address, _owner: address, _signers_needed: uint256):
    """
    @param _owner Names attestors.
    @param _signers_needed Attestors that have to sign a transfer, for ever.
    """
    assert 1 < _signers_needed and _signers_needed <= MAX_SIGNERS, "verifier: bad number of signers"
    token = IERC20(_token)
    signers_needed = _signers_needed
    eip712.__init__("Keifu DataVerifier", "1")
    attestors.__init__(_hub, _owner)


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
    outputs: DynArray[IDataVerifier.TransferValidityProofOutput, 8] = []
    reading: Reading = self._read(_proofs)
    assert reading.terms.chain_id == chain.id, "verifier: proof is for another chain"
    assert block.timestamp <= reading.terms.deadline, "verifier: proof has expired"
    assert reading.terms.deadline <= block.timestamp + LONGEST_DEADLINE, "verifier: deadline too far"
    assert reading.terms.epoch <= attestors._epoch(), "verifier: signed in an epoch to come"
    assert self.transfers[msg.sender][reading.nonce] == 0, "verifier: nonce was used"
    # Who signed.
    statement: bytes32 = statements._statement(msg.sender, move, reading.items, reading.terms, reading.nonce)
    signers: DynArray[address, 7] = self._signers(statement, _proofs[0].ownershipProof.proof)
    share: uint256 = self._share(reading.terms.backing)
    if share > 0:
        assert reading.terms.backing <= MAX_BACKING, "verifier: too much to back"
        assert staticcall attestors.hub.listed(self), "verifier: service not listed"
        self.backings[msg.sender][reading.nonce] = reading.terms.backing
    for signer: address in signers:
        weight: uint256 = attestors._weight(signer, reading.terms.epoch)
        assert weight >= attestors.LEAST, "verifier: attestor does not count"
        if share > 0:
            reserve: uint256 = attestors.reserves[signer] + share + PENALTY
            assert reserve <= weight, "verifier: lock too small"
            attestors.reserves[signer] = reserve
    until: uint256 = block.timestamp + COMPLAINT_WINDOW
    self.transfers[msg.sender][reading.nonce] = self._commitment(statement, signers) | until
    # Who says that the data can be got.
    access: bytes32 = statements._access(msg.sender, move, reading.data, reading.terms.deadline, reading.nonce)
    accessor: address = self._accessor(move, access, _proofs[0].accessProof.proof)
    for i: uint256 in range(len(_proofs), bound=MAX_ITEMS):
        if len(_proofs[i].accessProof.encryptedPubKey) == 0:
            assert seals._address_of(_proofs[i].ownershipProof.encryptedPubKey) == move.receiver, (
                "verifier: sealed to another key"
            )
        outputs.append(
            IDataVerifier.TransferValidityProofOutput(
                oldDataHash=_proofs[i].ownershipProof.oldDataHash,
                newDataHash=_proofs[i].ownershipProof.newDataHash,
                sealedKey=_proofs[i].ownershipProof.sealedKey,
                encryptedPubKey=_proofs[i].ownershipProof.encryptedPubKey,
                wantedKey=_proofs[i].accessProof.encryptedPubKey,
                accessAssistant=accessor,
                accessProofNonce=_proofs[i].accessProof.nonce,
                ownershipProofNonce=_proofs[i].ownershipProof.nonce,
            )
        )
    log IDataVerifier.TransferVerified(
        token=msg.sender,
        token_id=move.token_id,
        nonce=reading.nonce,
        signers=signers,
        backing=reading.terms.backing,
        until=until,
    )
    return outputs


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def prove_wrong_key(
    _token: address,
    _move: IDataVerifier.Move,
    _proofs: DynArray[IDataVerifier.TransferValidityProof, 8],
    _index: uint256,
    _private_key: uint256,
    _shared: Bytes[64],
) -> uint256:
    """
    @notice Show that a key which a transfer sealed is not the one that its signers named: each of them loses a penalty and
        its part of what they backed, which goes to the sender. The receiver's key is shown thereby; it should be one of
        this transfer alone.
    @param _token The token contract.
    @param _move What it moved.
    @param _proofs As they were verified.
    @param _index Of the item.
    @param _private_key Of the key that it was sealed to.
    @param _shared The point that both sides know, x and y; empty where the sealed key's point is none.
    @return Wei that the sender was credited.
    """
    reading: Reading = self._read(_proofs)
    statement: bytes32 = statements._statement(_token, _move, reading.items, reading.terms, reading.nonce)
    signers: DynArray[address, 7] = self._signers(statement, _proofs[0].ownershipProof.proof)
    word: uint256 = self._transfer(_token, reading.nonce, statement, signers)
    assert block.timestamp <= word & UNTIL, "verifier: complaint window is over"
    assert word & WRONG == 0, "verifier: wrong key was proved"
    assert _index < len(_proofs), "verifier: no such item"
    self._check_wrong(_proofs[_index].ownershipProof, _private_key, _shared)
    share: uint256 = self._share(reading.terms.backing)
    self.transfers[_token][reading.nonce] = word | WRONG | FREED
    for signer: address in signers:
        if share > 0:
            attestors.reserves[signer] -= share + PENALTY
        attestors._slash(signer, share, PENALTY)
    paid: uint256 = extcall attestors.hub.collect(self, 0)
    self.credits[_move.sender] += paid
    log IDataVerifier.WrongKeyProved(token=_token, nonce=reading.nonce, index=_index, paid=paid)
    return paid


@external
def prove_contradiction(_token: address, _nonce: bytes32, _first: Statement, _second: Statement) -> address:
    """
    @notice Show two statements of one attestor under one nonce that differ in what moves: it loses a penalty, and the
        caller gets a reward.
    @return The attestor.
    """
    # Another deadline or epoch is the same promise, given again.
    assert keccak256(abi_encode(_first.move, _first.items, _first.terms.backing)) != keccak256(
        abi_encode(_second.move, _second.items, _second.terms.backing)
    ), "verifier: no contradiction"
    attestor: address = self._signer_of(_token, _nonce, _first)
    assert attestor != empty(address) and attestor == self._signer_of(_token, _nonce, _second), (
        "verifier: not one signer"
    )
    assert not self.contradicted[_token][_nonce][attestor], "verifier: contradiction was proved"
    assert staticcall attestors.hub.lock_of(self, attestor) > 0, "verifier: attestor has no coins"
    self.contradicted[_token][_nonce][attestor] = True
    attestors._slash(attestor, self._damages(REWARD), PENALTY)
    reward: uint256 = extcall attestors.hub.collect(self, 0)
    self.credits[msg.sender] += reward
    log IDataVerifier.EquivocationProved(token=_token, nonce=_nonce, attestor=attestor, reporter=msg.sender)
    return attestor


@external
def free(_token: address, _nonce: bytes32, _statement: bytes32, _signers: DynArray[address, 7]):
    """
    @notice End the reserve of what a transfer backed, once its complaint window is over.
    @param _statement Hash of what was signed (EIP-712's hashStruct).
    @param _signers As the event names them.
    """
    word: uint256 = self._transfer(_token, _nonce, _statement, _signers)
    assert block.timestamp > word & UNTIL, "verifier: complaint window is open"
    share: uint256 = self._share(self.backings[_token][_nonce])
    assert share > 0 and word & FREED == 0, "verifier: nothing is reserved"
    self.transfers[_token][_nonce] = word | FREED
    for signer: address in _signers:
        attestors.reserves[signer] -= share + PENALTY
    log IDataVerifier.BackingFreed(token=_token, nonce=_nonce)


@external
def withdraw(_receiver: address) -> uint256:
    """
    @notice Pay out what the caller was credited.
    """
    assert _receiver != empty(address), "verifier: no receiver"
    amount: uint256 = self.credits[msg.sender]
    self.credits[msg.sender] = 0
    token_transfers._push(token, _receiver, amount)
    return amount


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
        evidence_window=attestors.EVIDENCE_WINDOW, rounds=0, court=empty(address), smallest=0, largest=MAX_BACKING
    )


@external
@view
@reentrant
def verdict(_token: address, _nonce: bytes32) -> IDataVerifier.Verdict:
    """
    @notice Where a transfer stands.
    """
    word: uint256 = self.transfers[_token][_nonce]
    return IDataVerifier.Verdict(
        until=word & UNTIL,
        backing=self.backings[_token][_nonce],
        freed=word & FREED != 0,
        wrong=word & WRONG != 0,
    )


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _read(_proofs: DynArray[IDataVerifier.TransferValidityProof, 8]) -> Reading:
    """
    @dev Check the form, and hash what is to be signed.
    """
    count: uint256 = len(_proofs)
    assert count > 0, "verifier: no proof"
    length: uint256 = statements.HEAD + statements.SIGNATURE * signers_needed
    items: DynArray[bytes32, 8] = []
    data: DynArray[bytes32, 8] = []
    for i: uint256 in range(count, bound=MAX_ITEMS):
        old: bytes32 = _proofs[i].ownershipProof.oldDataHash
        new: bytes32 = _proofs[i].ownershipProof.newDataHash
        assert old == _proofs[i].accessProof.oldDataHash, "verifier: access to other data"
        assert new == _proofs[i].accessProof.newDataHash, "verifier: access to other data"
        assert new not in [old, empty(bytes32)], "verifier: data is not encrypted anew"
        assert _proofs[i].ownershipProof.oracleType == 0, "verifier: no such oracle"
        assert len(_proofs[i].ownershipProof.encryptedPubKey) == 64, "verifier: receiver has no public key"
        assert seals._is_form(_proofs[i].ownershipProof.sealedKey), "verifier: sealed key has no such form"
        key: bytes32 = keccak256(_proofs[i].ownershipProof.encryptedPubKey)
        wanted: bytes32 = key
        if len(_proofs[i].accessProof.encryptedPubKey) > 0:
            wanted = keccak256(_proofs[i].accessProof.encryptedPubKey)
            assert wanted == key, "verifier: sealed to another key"
        # What holds for all items stands in the first proof alone.
        size: uint256 = 32 if i == 0 else 0
        assert len(_proofs[i].ownershipProof.nonce) == size, "verifier: nonce has no such form"
        assert len(_proofs[i].accessProof.nonce) == size, "verifier: nonce has no such form"
        assert len(_proofs[i].ownershipProof.proof) == (length if i == 0 else 32), "verifier: proof has no such form"
        items.append(
            keccak256(
                abi_encode(
                    statements.ITEM_TYPE,
                    old,
                    new,
                    keccak256(_proofs[i].ownershipProof.sealedKey),
                    key,
                    extract32(_proofs[i].ownershipProof.proof, 0),
                )
            )
        )
        data.append(keccak256(abi_encode(statements.DATUM_TYPE, old, new, wanted)))
    nonce: bytes32 = extract32(_proofs[0].ownershipProof.nonce, 0)
    assert extract32(_proofs[0].accessProof.nonce, 0) == nonce, "verifier: access under another nonce"
    return Reading(
        terms=statements._terms(_proofs[0].ownershipProof.proof),
        nonce=nonce,
        items=statements._list(items),
        data=statements._list(data),
    )


@internal
@view
def _signers(_statement: bytes32, _proof: Bytes[576]) -> DynArray[address, 7]:
    """
    @dev Who signed, in the order of their addresses; each is an attestor, whatever it weighs.
    """
    digest: bytes32 = eip712._hash_typed_data_v4(_statement)
    signers: DynArray[address, 7] = []
    last: uint256 = 0
    for i: uint256 in range(signers_needed, bound=MAX_SIGNERS):
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
def _accessor(_move: IDataVerifier.Move, _access: bytes32, _signature: Bytes[260]) -> address:
    """
    @dev Who says that the receiver can get the data: itself, or its assistant.
    """
    if _move.assistant != empty(address) and signatures._signed(_move.assistant, _access, _signature):
        return _move.assistant
    assert signatures._signed(_move.receiver, _access, _signature), "verifier: receiver has not signed"
    return _move.receiver


@internal
@pure
def _check_wrong(_proof: IDataVerifier.OwnershipProof, _private_key: uint256, _shared: Bytes[64]):
    assert seals._is_private_key(_private_key, _proof.encryptedPubKey), "verifier: not the receiver's key"
    product: address = seals._shared(_proof.sealedKey, _private_key)
    if product == empty(address):
        # What it was sealed with is no point: nobody can open it.
        return
    assert seals._address_of(_shared) == product, "verifier: not the shared point"
    key: bytes32 = seals._opened(_proof.sealedKey, _shared, _proof.newDataHash)
    assert keccak256(key) != extract32(_proof.proof, 0), "verifier: key is right"


@internal
@view
def _signer_of(_token: address, _nonce: bytes32, _statement: Statement) -> address:
    statement: bytes32 = statements._statement(
        _token, _statement.move, _statement.items, _statement.terms, _nonce
    )
    return signatures._recovered(eip712._hash_typed_data_v4(statement), _statement.signature)


@internal
@view
def _transfer(
    _token: address, _nonce: bytes32, _statement: bytes32, _signers: DynArray[address, 7]
) -> uint256:
    """
    @dev The word of a transfer, if that is what was verified.
    """
    word: uint256 = self.transfers[_token][_nonce]
    assert word != 0, "verifier: no such transfer"
    assert word & COMMITMENT == self._commitment(_statement, _signers), "verifier: not what was verified"
    return word


@internal
@pure
def _commitment(_statement: bytes32, _signers: DynArray[address, 7]) -> uint256:
    return convert(keccak256(abi_encode(_statement, _signers)), uint256) & COMMITMENT


@internal
@view
def _share(_backing: uint256) -> uint256:
    """
    @dev Damages of each signer, so that the sender gets what is backed.
    """
    return self._damages((_backing + signers_needed - 1) // signers_needed)


@internal
@pure
def _damages(_paid: uint256) -> uint256:
    """
    @dev Damages of which the hub credits at least `_paid`: five quarters, rounded up.
    """
    return (_paid * 5 + 3) // 4
