# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title From whom a token descends, how often it may be cloned, and who shares its royalties
@license MIT
@notice A creator fixes royalty, number of clones and generations when the token is made, and nobody changes them.
@dev A clone's creator is who owned its parent. Of a royalty the nearest creator gets half, the next half of what is
    left, and the first one the rest, so that the shares sum up to the royalty exactly.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ...interfaces import IIntelligentNFT


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Royalty at the most, and what it is counted in.
MAX_ROYALTY: constant(uint256) = 2_000
BPS: constant(uint256) = 10_000

# Longest line of clones below a first token, and creators with its first.
MAX_GENERATIONS: constant(uint256) = 8

# Widths in a token's word: creator 160 | royalty 16 | cap 32 | made 32 | generations 4.
MASK_4: constant(uint256) = 15
MASK_16: constant(uint256) = 2**16 - 1
MASK_32: constant(uint256) = 2**32 - 1
MADE_AT: constant(uint256) = 208
CREATOR: constant(uint256) = 2**160 - 1

# Distinguishes numbers of clones from those of minted tokens.
CLONE: constant(bytes32) = keccak256("clone")


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# token -> its terms.
words: HashMap[uint256, uint256]

# clone -> token that it was made of; zero for a first one.
parent_of: public(reentrant(HashMap[uint256, uint256]))


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
@reentrant
def terms_of(_token_id: uint256) -> IIntelligentNFT.Terms:
    """
    @notice What was fixed for a token when it was made; empty where nothing was.
    """
    return self._terms(self.words[_token_id])


@external
@view
@reentrant
def royaltyInfo(_token_id: uint256, _price: uint256) -> (address, uint256):
    """
    @notice ERC-2981 knows one receiver: the first creator, and the whole royalty. `royalty_shares` splits it.
    """
    shares: DynArray[IIntelligentNFT.Share, 9] = self._shares(_token_id, _price)
    if len(shares) == 0:
        return empty(address), 0
    return shares[len(shares) - 1].receiver, self._royalty(self.words[_token_id], _price)


@external
@view
@reentrant
def royalty_shares(_token_id: uint256, _price: uint256) -> DynArray[IIntelligentNFT.Share, 9]:
    """
    @notice What each creator gets of a price, the nearest first.
    """
    return self._shares(_token_id, _price)


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@pure
def _terms(_word: uint256) -> IIntelligentNFT.Terms:
    return IIntelligentNFT.Terms(
        creator=convert(_word & CREATOR, address),
        royalty_bps=(_word >> 160) & MASK_16,
        clone_cap=(_word >> 176) & MASK_32,
        clones=(_word >> MADE_AT) & MASK_32,
        generations=(_word >> 240) & MASK_4,
    )


@internal
@pure
def _royalty(_word: uint256, _price: uint256) -> uint256:
    # In two parts, so that no price is too large.
    bps: uint256 = (_word >> 160) & MASK_16
    return _price // BPS * bps + _price % BPS * bps // BPS


@internal
@view
def _shares(_token_id: uint256, _price: uint256) -> DynArray[IIntelligentNFT.Share, 9]:
    shares: DynArray[IIntelligentNFT.Share, 9] = []
    at: uint256 = _token_id
    word: uint256 = self.words[at]
    left: uint256 = self._royalty(word, _price)
    if left == 0:
        return shares
    for _: uint256 in range(MAX_GENERATIONS + 1):
        parent: uint256 = self.parent_of[at]
        amount: uint256 = left if parent == 0 else left // 2
        shares.append(IIntelligentNFT.Share(receiver=convert(word & CREATOR, address), amount=amount))
        left -= amount
        if parent == 0:
            break
        at = parent
        word = self.words[at]
    return shares


@internal
def _set_terms(_token_id: uint256, _creator: address, _royalty_bps: uint256, _cap: uint256, _generations: uint256):
    assert _royalty_bps <= MAX_ROYALTY, "inft: royalty too high"
    assert _cap <= MASK_32, "inft: too many clones"
    assert _generations <= MAX_GENERATIONS, "inft: too many generations"
    self.words[_token_id] = (convert(_creator, uint256) | _royalty_bps << 160 | _cap << 176 | _generations << 240)
    log IIntelligentNFT.TermsSet(
        token_id=_token_id, creator=_creator, royalty_bps=_royalty_bps, clone_cap=_cap, generations=_generations
    )


@internal
def _descend(_parent: uint256, _owner: address) -> uint256:
    """
    @dev Count a clone of `_parent` and give it the terms of its parent, one generation less.
    @return The clone's number.
    """
    word: uint256 = self.words[_parent]
    terms: IIntelligentNFT.Terms = self._terms(word)
    assert terms.generations > 0 and terms.clones < terms.clone_cap, "inft: no clone left"
    clone: uint256 = convert(keccak256(abi_encode(_parent, terms.clones, CLONE)), uint256)
    self.words[_parent] = word + (1 << MADE_AT)
    self.parent_of[clone] = _parent
    self._set_terms(clone, _owner, terms.royalty_bps, terms.clone_cap, terms.generations - 1)
    return clone
