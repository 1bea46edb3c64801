# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title IntelligentNFT
@license MIT
@notice Tokens of AI agents whose data is private (ERC-7857, ERC-721): a token moves only together with its data,
    encrypted anew and its key sealed to the receiver, as attestors with coins at stake have signed.
@dev Numbers of tokens are hashes of who mints and a salt, so that an account of a token that is not yet minted has an
    address (ERC-6551). A data item's description is one word of `kind_name`'s list. While a proof is verified, `moving`
    says which token goes from whom to whom, since ERC-7857's call does not; the verifier binds it into what it checks.
@custom:security The verifier is fixed at deployment: nobody can change who decides. Attestors that collude, as many as
    the verifier asks for, can seal a right key to wrong data. Approved accounts and operators may move and clone.
    Minting asks no receiver whether it takes a token; transfers and clones do.
@custom:kill Cannot be stopped. Without attestors private tokens stay where they are; public ones move.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IDataVerifier
from ..interfaces import IIntelligentNFT

implements: IIntelligentNFT


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from .lib import lineage
from .lib import tokens
from .lib import usage

initializes: tokens
initializes: lineage
initializes: usage[tokens := tokens]
exports: (
    tokens.approve,
    tokens.setApprovalForAll,
    tokens.transferFrom,
    tokens.safeTransferFrom,
    tokens.ownerOf,
    tokens.balanceOf,
    tokens.getApproved,
    tokens.isApprovedForAll,
    tokens.transfer_count,
    tokens.is_private,
    lineage.terms_of,
    lineage.parent_of,
    lineage.royaltyInfo,
    lineage.royalty_shares,
    usage.authorizeUsage,
    usage.revokeAuthorization,
    usage.authorizedUsersOf,
    usage.offer_lease,
    usage.lease,
    usage.record_use,
    usage.may_use,
    usage.lease_offer,
    usage.lease_of,
    usage.leased_until,
)


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

name: public(constant(String[12])) = "Keifu Agents"
symbol: public(constant(String[6])) = "KAGENT"

# Data items of a token.
MAX_ITEMS: constant(uint256) = 8

# What a data item can be; each word ends where the next one's place in the text begins.
KINDS: constant(
    String[101]
) = "dataprompthistorymemoryweightsadaptertoolsconfigurationpersonaknowledgedatasetcodeindexpolicylogmedia"
KIND_AT: constant(uint256[17]) = [0, 4, 10, 17, 23, 30, 37, 42, 55, 62, 71, 78, 82, 87, 93, 96, 101]

# ERC-165.
INTERFACES: constant(bytes4[7]) = [
    0x01ffc9a7,  # ERC-165
    0x80ac58cd,  # ERC-721
    0x5b5e139f,  # ERC-721 metadata
    0x49064906,  # ERC-4906
    0x2a55205a,  # ERC-2981
    0xee5a526e,  # ERC-7857
    0xaa18b754,  # ERC-7857 metadata
]


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Says which proofs are valid.
VERIFIER: immutable(IDataVerifier)

# What a token's number is put behind to find its metadata.
BASE_URI: immutable(String[128])


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# token -> number of an item -> hash of its data, encrypted where the token is private.
data: HashMap[uint256, bytes32[MAX_ITEMS]]

# account -> who may say for it that it can get data.
assistants: HashMap[address, address]

# What is being verified now.
current: transient(IDataVerifier.Move)


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_verifier: address, _base_uri: String[128]):
    """
    @param _verifier Says which proofs are valid, for ever.
    @param _base_uri Is put before a token's number to find its metadata.
    """
    assert _verifier != empty(address), "inft: no verifier"
    VERIFIER = IDataVerifier(_verifier)
    BASE_URI = _base_uri


# ############################################################## #
#                        CREATOR FUNCTIONS                       #
# ############################################################## #

@external
@reentrant
def mint(_to: address, _salt: uint256) -> uint256:
    """
    @notice Make a token without data.
    @param _salt Makes its number together with the caller's address.
    @return The token's number.
    """
    token_id: uint256 = self._token_id(msg.sender, _salt)
    tokens._create(_to, token_id, 0)
    return token_id


@external
@reentrant
def mint_data(
    _to: address,
    _salt: uint256,
    _hashes: DynArray[bytes32, 8],
    _kinds: uint256,
    _private: bool,
    _royalty_bps: uint256,
    _clone_cap: uint256,
    _generations: uint256,
) -> uint256:
    """
    @notice Make a token with data.
    @param _hashes Commit to its data items; of what is encrypted, where the token is private.
    @param _kinds What each item is: four bits each, the first lowest, by `kind_name`'s list.
    @param _private Whether the data moves with the token, encrypted anew.
    @param _royalty_bps Of each price, in parts of 10,000, for the caller.
    @param _clone_cap Clones that may be made of one token.
    @param _generations Clones of clones, so many deep.
    @return The token's number.
    """
    count: uint256 = len(_hashes)
    assert count > 0, "inft: no data"
    assert _kinds >> (4 * count) == 0, "inft: kinds of more items than there are"
    token_id: uint256 = self._token_id(msg.sender, _salt)
    tokens._create(
        _to,
        token_id,
        (tokens.PRIVATE if _private else 0) | count << tokens.ITEMS_AT | _kinds << tokens.KINDS_AT,
    )
    for i: uint256 in range(count, bound=MAX_ITEMS):
        assert _hashes[i] != empty(bytes32), "inft: no data hash"
        self.data[token_id][i] = _hashes[i]
    log IIntelligentNFT.Updated(_tokenId=token_id, _oldDataHashes=[], _newDataHashes=_hashes)
    if _royalty_bps | _clone_cap | _generations != 0:
        lineage._set_terms(token_id, msg.sender, _royalty_bps, _clone_cap, _generations)
    return token_id


# ############################################################## #
#                         OWNER FUNCTIONS                        #
# ############################################################## #

@external
def iTransfer(_to: address, _tokenId: uint256, _proofs: DynArray[IDataVerifier.TransferValidityProof, 8]):
    """
    @notice Move a token with its data. One with public data needs no proof.
    """
    word: uint256 = tokens._existing(_tokenId)
    owner: address = tokens._check_may_move(_tokenId, word)
    assert _to != owner, "inft: receiver owns it"
    self._take_data(_tokenId, 0, word, owner, _to, _proofs)
    tokens._move(owner, _to, _tokenId, word)
    log IIntelligentNFT.Transferred(_tokenId=_tokenId, _from=owner, _to=_to)
    tokens._ask_receiver(owner, _to, _tokenId, b"")


@external
def iClone(_to: address, _tokenId: uint256, _proofs: DynArray[IDataVerifier.TransferValidityProof, 8]) -> uint256:
    """
    @notice Make a new token of the same data for `_to`; the old one stays as it is.
    @return The new token's number.
    """
    word: uint256 = tokens._existing(_tokenId)
    owner: address = tokens._check_may_move(_tokenId, word)
    clone: uint256 = lineage._descend(_tokenId, owner)
    tokens._create(_to, clone, word & ~tokens.OWNER & ~(tokens.MOVES << tokens.MOVES_AT))
    self._take_data(_tokenId, clone, word, owner, _to, _proofs)
    log IIntelligentNFT.Cloned(_tokenId=_tokenId, _newTokenId=clone, _from=owner, _to=_to)
    tokens._ask_receiver(owner, _to, clone, b"")
    return clone


@external
def update(_token_id: uint256, _proofs: DynArray[IDataVerifier.TransferValidityProof, 8]):
    """
    @notice Put new private data in place of the old, with a proof as for a transfer to the owner itself.
    """
    word: uint256 = tokens._existing(_token_id)
    owner: address = convert(word & tokens.OWNER, address)
    assert msg.sender == owner, "inft: not the owner"
    assert word & tokens.PRIVATE != 0, "inft: public data stays"
    self._take_data(_token_id, 0, word, owner, owner, _proofs)


@external
def burn(_token_id: uint256):
    """
    @notice End a token, unless somebody has leased it: what was paid for is honoured. Its number is never given again.
    """
    word: uint256 = tokens._existing(_token_id)
    assert convert(word & tokens.OWNER, address) == msg.sender, "inft: not the owner"
    assert usage.last_lease[_token_id] <= block.timestamp, "inft: token is leased"
    tokens._destroy(msg.sender, _token_id, word)


@external
def delegateAccess(_assistant: address):
    """
    @notice Let `_assistant` sign in the caller's place that new data can be got; zero for nobody.
    """
    self.assistants[msg.sender] = _assistant
    log IIntelligentNFT.DelegateAccess(_user=msg.sender, _assistant=_assistant)


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
@reentrant
def verifier() -> address:
    """
    @notice Says which proofs are valid.
    """
    return VERIFIER.address


@external
@view
@reentrant
def intelligentDataOf(_tokenId: uint256) -> DynArray[IIntelligentNFT.IntelligentData, 8]:
    """
    @notice A token's data items: what each is, and the hash of its data.
    """
    word: uint256 = tokens._existing(_tokenId)
    items: DynArray[IIntelligentNFT.IntelligentData, 8] = []
    for i: uint256 in range(tokens._items(word), bound=MAX_ITEMS):
        items.append(
            IIntelligentNFT.IntelligentData(
                dataDescription=self._kind_name((word >> (tokens.KINDS_AT + 4 * i)) & 15),
                dataHash=self.data[_tokenId][i],
            )
        )
    return items


@external
@view
@reentrant
def data_hash_of(_token_id: uint256) -> bytes32:
    """
    @notice One hash of all hashes of a token's data: what an order names.
    """
    return keccak256(abi_encode(self._hashes(_token_id, tokens._items(tokens._existing(_token_id)))))


@external
@view
@reentrant
def kind_name(_kind: uint256) -> String[16]:
    """
    @notice The word that a kind stands for.
    """
    assert _kind <= 15, "inft: no such kind"
    return self._kind_name(_kind)


@external
@view
@reentrant
def token_id_of(_minter: address, _salt: uint256) -> uint256:
    """
    @notice The number of the token that `_minter` makes with this salt, or has made.
    """
    return self._token_id(_minter, _salt)


@external
@view
@reentrant
def getDelegateAccess(_user: address) -> address:
    """
    @notice Who may sign in an account's place that new data can be got.
    """
    return self.assistants[_user]


@external
@view
@reentrant
def moving() -> IDataVerifier.Move:
    """
    @notice What is being verified; the verifier asks for it while it is called.
    """
    assert self.current.token_id != 0, "inft: nothing moves"
    return self.current


@external
@view
@reentrant
def tokenURI(_token_id: uint256) -> String[206]:
    """
    @notice Where a token's public metadata is.
    """
    tokens._existing(_token_id)
    return concat(BASE_URI, uint2str(_token_id))


@external
@view
@reentrant
def supportsInterface(_id: bytes4) -> bool:
    """
    @notice ERC-165.
    """
    return _id in INTERFACES


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
def _take_data(
    _token_id: uint256,
    _clone_id: uint256,
    _word: uint256,
    _owner: address,
    _to: address,
    _proofs: DynArray[IDataVerifier.TransferValidityProof, 8],
):
    """
    @dev Have the proofs verified and write the new hashes to the token, or to its clone. The log has the keys of the new
        data, sealed to the receiver.
    """
    count: uint256 = tokens._items(_word)
    target: uint256 = _token_id if _clone_id == 0 else _clone_id
    if _word & tokens.PRIVATE == 0:
        assert len(_proofs) == 0, "inft: public data needs no proof"
        if _clone_id != 0 and count > 0:
            for i: uint256 in range(count, bound=MAX_ITEMS):
                self.data[target][i] = self.data[_token_id][i]
            log IIntelligentNFT.Updated(_tokenId=target, _oldDataHashes=[], _newDataHashes=self._hashes(target, count))
        return
    assert len(_proofs) == count, "inft: not one proof an item"
    self.current = IDataVerifier.Move(
        token_id=_token_id, clone_id=_clone_id, sender=_owner, receiver=_to, assistant=self.assistants[_to]
    )
    outputs: DynArray[IDataVerifier.TransferValidityProofOutput, 8] = (extcall VERIFIER.verifyTransferValidity(_proofs))
    self.current = empty(IDataVerifier.Move)
    assert len(outputs) == count, "inft: not one answer an item"
    old: DynArray[bytes32, 8] = []
    new: DynArray[bytes32, 8] = []
    keys: DynArray[Bytes[65], 8] = []
    for i: uint256 in range(count, bound=MAX_ITEMS):
        was: bytes32 = self.data[_token_id][i]
        assert outputs[i].oldDataHash == was, "inft: proof is for other data"
        self.data[target][i] = outputs[i].newDataHash
        old.append(was)
        new.append(outputs[i].newDataHash)
        keys.append(outputs[i].sealedKey)
    log IIntelligentNFT.Updated(_tokenId=target, _oldDataHashes=old, _newDataHashes=new)
    log IIntelligentNFT.MetadataUpdate(_tokenId=target)
    log IIntelligentNFT.PublishedSealedKey(_to=_to, _tokenId=target, _sealedKeys=keys)


@internal
@view
def _hashes(_token_id: uint256, _count: uint256) -> DynArray[bytes32, 8]:
    hashes: DynArray[bytes32, 8] = []
    for i: uint256 in range(_count, bound=MAX_ITEMS):
        hashes.append(self.data[_token_id][i])
    return hashes


@internal
@pure
def _token_id(_minter: address, _salt: uint256) -> uint256:
    return convert(keccak256(abi_encode(_minter, _salt)), uint256)


@internal
@pure
def _kind_name(_kind: uint256) -> String[16]:
    words: String[101] = KINDS
    at: uint256[17] = KIND_AT
    return convert(slice(words, at[_kind], at[_kind + 1] - at[_kind]), String[16])
