# pragma version 0.4.3
"""
@title SingleOracleNFT
@license MIT
@notice The design that intelligent NFTs have elsewhere, with its four faults: one oracle decides, and the admin changes
    it at once; the data's hash stays the same through a sale; nobody has anything at stake; and what the oracle signs
    names neither token nor seller.
"""


event PublishedSealedKey:
    to: indexed(address)
    token_id: indexed(uint256)
    sealed_key: Bytes[65]


admin: public(address)
oracle: public(address)
ownerOf: public(HashMap[uint256, address])
data_hash: public(HashMap[uint256, bytes32])
used: public(HashMap[bytes32, bool])


@deploy
def __init__(_oracle: address):
    self.admin = msg.sender
    self.oracle = _oracle


@external
def set_oracle(_oracle: address):
    assert msg.sender == self.admin, "oracle: not the admin"
    self.oracle = _oracle


@external
def mint(_token_id: uint256, _data_hash: bytes32):
    self.ownerOf[_token_id] = msg.sender
    self.data_hash[_token_id] = _data_hash


@external
def iTransfer(
    _to: address,
    _token_id: uint256,
    _sealed_key: Bytes[65],
    _target_key: Bytes[64],
    _nonce: bytes32,
    _v: uint256,
    _r: uint256,
    _s: uint256,
):
    assert self.ownerOf[_token_id] == msg.sender, "oracle: not the owner"
    assert not self.used[_nonce], "oracle: nonce was used"
    self.used[_nonce] = True
    digest: bytes32 = keccak256(
        abi_encode(self.data_hash[_token_id], keccak256(_sealed_key), keccak256(_target_key), _nonce)
    )
    assert ecrecover(digest, _v, _r, _s) == self.oracle, "oracle: not signed"
    self.ownerOf[_token_id] = _to
    log PublishedSealedKey(to=_to, token_id=_token_id, sealed_key=_sealed_key)
