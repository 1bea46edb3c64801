# pragma version 0.4.3
"""
@title PlainNft
@license MIT
@notice The smallest token that an account can belong to: anybody mints and burns, owners transfer, and it counts
    transfers or does not. Can be told to lie about an owner.
"""


interface Receiver:
    def onERC721Received(_operator: address, _from: address, _id: uint256, _note: Bytes[1024]) -> bytes4: nonpayable


# Whether it answers `transfer_count`.
COUNTS: immutable(bool)

# Token -> owner.
owners: public(HashMap[uint256, address])

# Owner -> how many it has.
balanceOf: public(HashMap[address, uint256])

# Token -> who may move it.
getApproved: public(HashMap[uint256, address])

# Token -> how often it changed hands.
counts: public(HashMap[uint256, uint256])

# Token -> a word that is answered in the owner's place; zero for none.
lies: public(HashMap[uint256, uint256])


@deploy
def __init__(_counts: bool):
    COUNTS = _counts


@external
def mint(_to: address, _id: uint256):
    assert self.owners[_id] == empty(address), "nft: minted"
    self.owners[_id] = _to
    self.balanceOf[_to] += 1


@external
def burn(_id: uint256):
    owner: address = self.owners[_id]
    assert owner != empty(address), "nft: no token"
    self.owners[_id] = empty(address)
    self.balanceOf[owner] -= 1


@external
def lie(_id: uint256, _word: uint256):
    self.lies[_id] = _word


@external
def approve(_to: address, _id: uint256):
    assert msg.sender == self.owners[_id], "nft: not the owner"
    self.getApproved[_id] = _to


@external
def transferFrom(_from: address, _to: address, _id: uint256):
    self._move(_from, _to, _id)


@external
def safeTransferFrom(_from: address, _to: address, _id: uint256):
    self._move(_from, _to, _id)
    if _to.is_contract:
        answer: bytes4 = extcall Receiver(_to).onERC721Received(msg.sender, _from, _id, b"")
        assert answer == 0x150b7a02, "nft: refused"


@external
@view
def ownerOf(_id: uint256) -> uint256:
    if self.lies[_id] != 0:
        return self.lies[_id]
    owner: address = self.owners[_id]
    assert owner != empty(address), "nft: no token"
    return convert(owner, uint256)


@external
@view
def transfer_count(_id: uint256) -> uint256:
    assert COUNTS, "nft: does not count"
    return self.counts[_id]


@internal
def _move(_from: address, _to: address, _id: uint256):
    assert _from == self.owners[_id], "nft: not the owner"
    assert msg.sender in [_from, self.getApproved[_id]], "nft: not allowed"
    self.getApproved[_id] = empty(address)
    self.owners[_id] = _to
    self.balanceOf[_from] -= 1
    self.balanceOf[_to] += 1
    self.counts[_id] += 1
