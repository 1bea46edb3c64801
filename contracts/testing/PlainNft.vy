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

# Where the count of transfers and the mark of a liar stand in a token's word, above the owner.
COUNT_AT: constant(uint256) = 160
LIES_AT: constant(uint256) = 255
U48: constant(uint256) = 2**48 - 1

# Token -> owner, how often it changed hands, and whether `lies` is answered in the owner's place: one word, as in
# IntelligentNFT.
words: HashMap[uint256, uint256]

# Owner -> how many it has.
balanceOf: public(HashMap[address, uint256])

# Token -> who may move it.
getApproved: public(HashMap[uint256, address])

# Token -> what is answered in the owner's place.
lies: HashMap[uint256, uint256]


@deploy
def __init__(_counts: bool):
    COUNTS = _counts


@external
def mint(_to: address, _id: uint256):
    assert self._owner(_id) == empty(address), "nft: minted"
    self.words[_id] |= convert(_to, uint256)
    self.balanceOf[_to] += 1


@external
def burn(_id: uint256):
    """
    @notice Counts as a transfer. The number can be minted again.
    """
    owner: address = self._owner(_id)
    assert owner != empty(address), "nft: no token"
    self.getApproved[_id] = empty(address)
    self.words[_id] = self.words[_id] - convert(owner, uint256) + (1 << COUNT_AT)
    self.balanceOf[owner] -= 1


@external
def lie(_id: uint256, _word: uint256):
    self.lies[_id] = _word
    self.words[_id] |= 1 << LIES_AT


@external
def approve(_to: address, _id: uint256):
    assert msg.sender == self._owner(_id), "nft: not the owner"
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
    word: uint256 = self.words[_id]
    if word >> LIES_AT == 1:
        return self.lies[_id]
    assert word & convert(max_value(uint160), uint256) != 0, "nft: no token"
    return word & convert(max_value(uint160), uint256)


@external
@view
def transfer_count(_id: uint256) -> uint256:
    assert COUNTS, "nft: does not count"
    return (self.words[_id] >> COUNT_AT) & U48


@internal
@view
def _owner(_id: uint256) -> address:
    return convert(self.words[_id] & convert(max_value(uint160), uint256), address)


@internal
def _move(_from: address, _to: address, _id: uint256):
    assert _from == self._owner(_id), "nft: not the owner"
    assert msg.sender in [_from, self.getApproved[_id]], "nft: not allowed"
    self.getApproved[_id] = empty(address)
    self.words[_id] = self.words[_id] - convert(_from, uint256) + convert(_to, uint256) + (1 << COUNT_AT)
    self.balanceOf[_from] -= 1
    self.balanceOf[_to] += 1
