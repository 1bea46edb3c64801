# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title What attestors answer for: wrong keys, contradictions, and what they backed
@license MIT
@notice Each verified transfer keeps one word for ever. Whoever proves a fault brings what was said; the word knows it by
    its hash.
"""

# ############################################################## #
#                           INTERFACES                           #
# ############################################################## #

from ethereum.ercs import IERC20
from ...interfaces import IDataVerifier


# ############################################################## #
#                            MODULES                             #
# ############################################################## #

from snekmate.utils import eip712_domain_separator as eip712
from ...lib import signatures
from ...lib import token_transfers
from . import attestors
from . import seals
from . import statements

uses: eip712
uses: attestors


# ############################################################## #
#                           CONSTANTS                            #
# ############################################################## #

# Attestors that sign a transfer, at most.
MAX_SIGNERS: constant(uint256) = 4

# From a transfer to the last proof of a wrong key, seconds.
COMPLAINT_WINDOW: public(constant(uint256)) = 3 * 86_400

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
#                           IMMUTABLES                           #
# ############################################################## #

# The coin at stake.
token: public(immutable(IERC20))

# Attestors that have to sign.
signers_needed: public(immutable(uint256))


# ############################################################## #
#                            STORAGE                             #
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
#                          CONSTRUCTOR                           #
# ############################################################## #

@deploy
def __init__(_token: address, _signers_needed: uint256):
    assert 1 < _signers_needed and _signers_needed <= MAX_SIGNERS, "verifier: bad number of signers"
    token = IERC20(_token)
    signers_needed = _signers_needed


# ############################################################## #
#                    PERMISSIONLESS FUNCTIONS                    #
# ############################################################## #

@external
def prove_wrong_key(
    _token: address,
    _nonce: bytes32,
    _said: statements.Statement,
    _signers: DynArray[address, 4],
    _items: DynArray[bytes32, 8],
    _index: uint256,
    _item: statements.Item,
    _private_key: uint256,
    _shared: Bytes[64],
) -> uint256:
    """
    @notice Show that a key which a transfer sealed is not the one that its signers named: each of them loses a penalty
        and its part of what they backed, which goes to the sender. Where nothing was backed, the penalty takes no coins
        that open promises need. The receiver's key is shown thereby; it should be one of this transfer alone.
    @param _said What was verified.
    @param _signers As the event names them.
    @param _items Hash of each item (EIP-712's hashStruct).
    @param _item The one at `_index`.
    @param _private_key Of the key that it was sealed to.
    @param _shared The point that both sides know, x and y; empty where the sealed key's point is none.
    @return Wei that the sender was credited.
    """
    word: uint256 = self._transfer(_token, _nonce, self._statement(_token, _nonce, _said), _signers)
    assert block.timestamp <= word & UNTIL, "verifier: complaint window is over"
    assert word & WRONG == 0, "verifier: wrong key was proved"
    assert statements._list(_items) == _said.items, "verifier: not what was verified"
    assert _index < len(_items), "verifier: no such item"
    assert self._item(_item) == _items[_index], "verifier: not what was verified"
    self._check_wrong(_item, _private_key, _shared)
    self.transfers[_token][_nonce] = word | WRONG | FREED
    share: uint256 = self._share(_said.terms.backing)
    for signer: address in _signers:
        penalty: uint256 = PENALTY
        if share > 0:
            attestors.reserves[signer] -= share + PENALTY
        else:
            penalty = min(PENALTY, attestors._spare(signer))
        attestors._slash(signer, share, penalty)
    paid: uint256 = self._credit(_said.move.sender)
    log IDataVerifier.WrongKeyProved(token=_token, nonce=_nonce, index=_index, paid=paid)
    return paid


@external
def prove_contradiction(
    _token: address,
    _nonce: bytes32,
    _first: statements.Statement,
    _first_signature: Bytes[65],
    _second: statements.Statement,
    _second_signature: Bytes[65],
) -> address:
    """
    @notice Show two statements of one attestor under one nonce that differ in what moves: it loses a penalty, and the
        caller gets a reward. Another deadline or epoch is the same promise, given again. Coins that open promises need
        are not touched: those end within days, long before an attestor that leaves is paid.
    @return The attestor.
    """
    assert keccak256(abi_encode(_first.move, _first.items, _first.terms.backing)) != keccak256(
        abi_encode(_second.move, _second.items, _second.terms.backing)
    ), "verifier: no contradiction"
    attestor: address = self._signer_of(self._statement(_token, _nonce, _first), _first_signature)
    assert attestors.weights[attestor] != 0, "verifier: not signed by an attestor"
    assert attestor == self._signer_of(self._statement(_token, _nonce, _second), _second_signature), (
        "verifier: not one signer"
    )
    assert not self.contradicted[_token][_nonce][attestor], "verifier: contradiction was proved"
    self.contradicted[_token][_nonce][attestor] = True
    damages: uint256 = self._damages(REWARD)
    if attestors.reserves[attestor] > 0:
        assert attestors._spare(attestor) >= damages + PENALTY, "verifier: promises are open"
    attestors._slash(attestor, damages, PENALTY)
    self._credit(msg.sender)
    log IDataVerifier.EquivocationProved(token=_token, nonce=_nonce, attestor=attestor, reporter=msg.sender)
    return attestor


@external
def free(_token: address, _nonce: bytes32, _statement: bytes32, _signers: DynArray[address, 4]):
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
#                             VIEWS                              #
# ############################################################## #

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
#                            INTERNAL                            #
# ############################################################## #

@internal
def _answer_for(
    _token: address, _nonce: bytes32, _statement: bytes32, _signers: DynArray[address, 4], _terms: statements.Terms
) -> uint256:
    """
    @dev Write down a transfer and who signed it, and reserve what they back.
    @return Unix seconds until when a wrong key can be proved.
    """
    assert self.transfers[_token][_nonce] == 0, "verifier: nonce was used"
    until: uint256 = block.timestamp + COMPLAINT_WINDOW
    self.transfers[_token][_nonce] = self._commitment(_statement, _signers) | until
    if _terms.backing > 0:
        assert _terms.backing <= MAX_BACKING, "verifier: too much to back"
        assert staticcall attestors.hub.listed(self), "verifier: service not listed"
        self.backings[_token][_nonce] = _terms.backing
    needed: uint256 = self._share(_terms.backing)
    if needed > 0:
        needed += PENALTY
    for signer: address in _signers:
        weight: uint256 = attestors._weight(signer, _terms.epoch)
        assert weight >= attestors.LEAST, "verifier: attestor does not count"
        if needed > 0:
            reserve: uint256 = attestors.reserves[signer] + needed
            assert reserve <= weight, "verifier: lock too small"
            attestors.reserves[signer] = reserve
    return until


@internal
@pure
def _check_wrong(_item: statements.Item, _private_key: uint256, _shared: Bytes[64]):
    assert seals._is_private_key(_private_key, _item.public_key), "verifier: not the receiver's key"
    product: address = seals._shared(_item.sealed_key, _private_key)
    if product == empty(address):
        # What it was sealed with is no point: nobody can open it.
        return
    assert seals._address_of(_shared) == product, "verifier: not the shared point"
    key: bytes32 = seals._opened(_item.sealed_key, _shared, _item.new_hash)
    assert keccak256(key) != _item.key_hash, "verifier: key is right"


@internal
def _credit(_account: address) -> uint256:
    """
    @dev Credit an account with what the hub owes for a slash.
    @return Wei.
    """
    paid: uint256 = extcall attestors.hub.collect(self, 0)
    self.credits[_account] += paid
    return paid


@internal
@view
def _signer_of(_statement: bytes32, _signature: Bytes[65]) -> address:
    return signatures._recovered(eip712._hash_typed_data_v4(_statement), _signature)


@internal
@pure
def _statement(_token: address, _nonce: bytes32, _said: statements.Statement) -> bytes32:
    return statements._statement(_token, _said.move, _said.items, _said.terms, _nonce)


@internal
@pure
def _item(_item: statements.Item) -> bytes32:
    return statements._item(
        _item.old_hash,
        _item.new_hash,
        keccak256(_item.sealed_key),
        keccak256(_item.public_key),
        _item.key_hash,
    )


@internal
@view
def _transfer(_token: address, _nonce: bytes32, _statement: bytes32, _signers: DynArray[address, 4]) -> uint256:
    """
    @dev The word of a transfer, if that is what was verified.
    """
    word: uint256 = self.transfers[_token][_nonce]
    assert word != 0, "verifier: no such transfer"
    assert word & COMMITMENT == self._commitment(_statement, _signers), "verifier: not what was verified"
    return word


@internal
@pure
def _commitment(_statement: bytes32, _signers: DynArray[address, 4]) -> uint256:
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
