# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title AgentAccount
@license MIT
@notice The account of a token (ERC-6551): whoever owns the token acts through it, and may give session keys that act
    within limits, so that an agent works from one signature.
@dev An implementation behind ERC-1167 proxies; it never delegatecalls and cannot be upgraded. Sessions are in
    `sessions.vy`, the token's identity in `identity.vy`. A session never signs for the account (ERC-1271): only the
    owner does, over `statement_digest`, which names this account and this time of owning: a plain signature over a digest
    would count for each account of the same owner. ERC-6492 signatures are refused: deploy the account before its first
    signature. What is going on ends with a sale: a batch is the owner's at each of its calls.
@custom:security The token's contract is trusted: a lying `ownerOf` controls the account. A buyer should demand the
    `state` that it saw: a seller can empty the account before the sale. A session's loss is measured in its tokens'
    balances, so what a granted contract pulls by an allowance is hidden by coins that reach the account in the same call.
    Of a token that does not count its transfers a former owner's sessions live again when that owner buys it back.
@custom:kill The token's owner revokes sessions; a sale of the token ends them all. Nobody else can stop anything.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IAgentAccount

implements: IAgentAccount


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from snekmate.utils import eip712_domain_separator as eip712
from ..lib import signatures
from .lib import identity
from .lib import receivers
from .lib import sessions

initializes: eip712
initializes: signatures[eip712 := eip712]
initializes: sessions
exports: (
    eip712.eip712Domain,
    receivers.onERC721Received,
    receivers.onERC1155Received,
    receivers.onERC1155BatchReceived,
)


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Most calls of a batch.
MAX_CALLS: constant(uint256) = 16

# Longest call, and the part of its answer that is passed on, bytes.
MAX_DATA: constant(uint256) = sessions.MAX_DATA
MAX_ANSWER: constant(uint256) = 512

# EIP-712 types of what is relayed.
CALL_TYPE: constant(bytes32) = keccak256("Call(address to,uint256 value,bytes data)")
BATCH_TYPE: constant(bytes32) = keccak256(
    "Batch(Call[] calls,uint256 holding,uint256 nonce,uint256 deadline)Call(address to,uint256 value,bytes data)"
)
SESSION_CALL_TYPE: constant(bytes32) = keccak256(
    "SessionCall(address key,uint256 session,Call call,uint256 nonce,uint256 deadline)Call(address to,uint256 value,bytes data)"
)
STATEMENT_TYPE: constant(bytes32) = keccak256("Statement(bytes32 digest,uint256 holding)")

# What a signature for an account that is not deployed ends with (ERC-6492).
WRAPPED: constant(bytes32) = 0x6492649264926492649264926492649264926492649264926492649264926492

# Answers of ERC-1271 and of ERC-6551's `isValidSigner`, and ids of ERC-165.
VALID_SIGNATURE: constant(bytes4) = 0x1626ba7e
VALID_SIGNER: constant(bytes4) = 0x523e3260
INVALID: constant(bytes4) = 0xffffffff
INTERFACES: constant(bytes4[6]) = [
    0x01ffc9a7,  # ERC-165
    0x6faff5f1,  # ERC-6551 account
    0x51945447,  # ERC-6551 executable
    0x1626ba7e,  # ERC-1271
    0x150b7a02,  # ERC-721 receiver
    0x4e2312e0,  # ERC-1155 receiver
]


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# Grows with everything that is done through the account (ERC-6551).
_state: uint256

# Signer -> number that its next relayed intent has to carry.
nonces: public(HashMap[address, uint256])


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__():
    """
    @notice Nothing to choose: every account is a proxy of this one implementation.
    """
    eip712.__init__("Keifu AgentAccount", "1")


# ############################################################## #
#                         OWNER FUNCTIONS                        #
# ############################################################## #

@external
@payable
def execute(_to: address, _value: uint256, _data: Bytes[MAX_DATA], _operation: uint8) -> Bytes[MAX_ANSWER]:
    """
    @notice Make a call in the account's name, by the token's owner.
    @param _operation 0, a call; ERC-6551's other operations are refused.
    """
    assert _operation == 0, "account: operation refused"
    assert msg.sender == identity._owner(), "account: not the owner"
    self._state = unsafe_add(self._state, 1)
    return raw_call(_to, _data, max_outsize=MAX_ANSWER, value=_value)


@external
@payable
def execute_batch(_calls: DynArray[IAgentAccount.Call, MAX_CALLS]):
    """
    @notice Make several calls, all or none, by the token's owner.
    """
    assert len(_calls) > 0, "account: empty batch"
    self._state = unsafe_add(self._state, 1)
    self._call_all(msg.sender, _calls)


@external
@reentrant
def grant_session(_grant: IAgentAccount.Grant):
    """
    @notice Let a key act within limits, by the token's owner or in a call of the account itself. A second grant to the
        same key takes the place of the first.
    """
    owner: address = empty(address)
    holding: uint256 = 0
    owner, holding = identity._holding()
    assert msg.sender in [owner, self] and owner != empty(address), "account: not the owner"
    self._state = unsafe_add(self._state, 1)
    sessions._grant(_grant, holding)


@external
@reentrant
def revoke_session(_key: address):
    """
    @notice End a session at once, even during one of its calls: by the token's owner, in a call of the account itself, or
        by the key.
    """
    if msg.sender not in [_key, self]:
        self._check_owner(msg.sender)
    self._state = unsafe_add(self._state, 1)
    sessions._revoke(_key)


@external
@reentrant
def cancel_nonces(_below: uint256):
    """
    @notice Make the caller's relayed intents with a nonce below `_below` worthless.
    """
    assert _below > self.nonces[msg.sender], "account: nonce used"
    self.nonces[msg.sender] = _below


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def execute_signed(
    _calls: DynArray[IAgentAccount.Call, MAX_CALLS],
    _nonce: uint256,
    _deadline: uint256,
    _signature: Bytes[1300],
):
    """
    @notice The owner's batch, brought by anybody.
    @param _signature Of the token's owner over `Batch`; a contract may own the token (ERC-1271).
    """
    assert len(_calls) > 0, "account: empty batch"
    owner: address = empty(address)
    holding: uint256 = 0
    owner, holding = identity._holding()
    assert owner != empty(address), "account: nobody owns the token"
    self._use_nonce(owner, _nonce, _deadline)
    hashes: DynArray[bytes32, MAX_CALLS] = []
    for call: IAgentAccount.Call in _calls:
        hashes.append(self._hash(call))
    struct_hash: bytes32 = keccak256(abi_encode(BATCH_TYPE, self._hash_all(hashes), holding, _nonce, _deadline))
    assert self._signed(owner, struct_hash, _signature), "account: bad signature"
    self._state = unsafe_add(self._state, 1)
    log IAgentAccount.IntentExecuted(owner=owner, nonce=_nonce, calls=len(_calls))
    self._call_all(owner, _calls)


@external
def execute_session(_to: address, _value: uint256, _data: Bytes[MAX_DATA]):
    """
    @notice Make a call within the caller's session.
    """
    self._state = unsafe_add(self._state, 1)
    sessions._run(msg.sender, _to, _value, _data)


@external
def execute_session_signed(
    _key: address, _call: IAgentAccount.Call, _nonce: uint256, _deadline: uint256, _signature: Bytes[65]
):
    """
    @notice A call within the session of `_key`, brought by anybody.
    @param _signature Of the key over `SessionCall`, which names the session: nothing that was signed for one counts in
        the next.
    """
    self._use_nonce(_key, _nonce, _deadline)
    struct_hash: bytes32 = keccak256(
        abi_encode(SESSION_CALL_TYPE, _key, sessions._number(_key), self._hash(_call), _nonce, _deadline)
    )
    digest: bytes32 = eip712._hash_typed_data_v4(struct_hash)
    assert signatures._signed_by_key(_key, struct_hash, digest, _signature), "account: bad signature"
    self._state = unsafe_add(self._state, 1)
    sessions._run(_key, _call.to, _call.value, _call.data)


@external
@payable
@reentrant
def __default__():
    # Coins are welcome; a call that names a function is a slip.
    assert len(msg.data) == 0, "account: no such function"


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
@reentrant
def owner() -> address:
    """
    @notice Who owns the token, and so the account; zero when nobody does.
    """
    return identity._owner()


@external
@view
@reentrant
def token() -> (uint256, address, uint256):
    """
    @notice Chain id, contract and id of the token that the account belongs to.
    """
    return identity._token()


@external
@view
@reentrant
def state() -> uint256:
    """
    @notice Grows with everything that is done through the account.
    """
    return self._state


@external
@view
@reentrant
def holding() -> uint256:
    """
    @notice The number that sessions, signed batches and statements are bound to; a sale of the token changes it. Zero when
        nobody owns the token.
    """
    owner: address = empty(address)
    holding: uint256 = 0
    owner, holding = identity._holding()
    return holding


@external
@view
@reentrant
def isValidSigner(_signer: address, _context: Bytes[1024]) -> bytes4:
    """
    @notice ERC-6551: only the token's owner.
    """
    owner: address = identity._owner()
    if owner != empty(address) and _signer == owner:
        return VALID_SIGNER
    return 0x00000000


@external
@view
@reentrant
def isValidSignature(_digest: bytes32, _signature: Bytes[1300]) -> bytes4:
    """
    @notice ERC-1271: whether the token's owner signed `statement_digest(_digest)`. A session key's signature never counts.
    """
    owner: address = empty(address)
    holding: uint256 = 0
    owner, holding = identity._holding()
    if owner != empty(address) and self._signed(owner, self._statement(_digest, holding), _signature):
        return VALID_SIGNATURE
    return INVALID


@external
@view
@reentrant
def statement_digest(_digest: bytes32) -> bytes32:
    """
    @notice What the owner signs so that the account's signature over `_digest` is valid.
    """
    owner: address = empty(address)
    holding: uint256 = 0
    owner, holding = identity._holding()
    return eip712._hash_typed_data_v4(self._statement(_digest, holding))


@external
@view
@reentrant
def session(_key: address) -> IAgentAccount.Session:
    """
    @notice What is left of a key's session.
    """
    return sessions._session(_key)


@external
@view
@reentrant
def allows(_key: address, _target: address, _selector: bytes4) -> bool:
    """
    @notice Whether a key's session names this function.
    """
    return sessions._allows(_key, _target, _selector)


@external
@view
@reentrant
def spent(_key: address, _token: address) -> (uint256, uint256):
    """
    @notice What the account lost through a key's session in this period, and the limit.
    """
    return sessions._spent(_key, _token)


@external
@pure
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
@view
def _check_owner(_caller: address):
    assert _caller == identity._owner(), "account: not the owner"


@internal
def _call_all(_owner: address, _calls: DynArray[IAgentAccount.Call, MAX_CALLS]):
    """
    @dev A call of the batch may sell the token; the next is the buyer's business.
    """
    for call: IAgentAccount.Call in _calls:
        self._check_owner(_owner)
        raw_call(call.to, call.data, value=call.value)


@internal
@view
def _signed(_signer: address, _struct_hash: bytes32, _signature: Bytes[1300]) -> bool:
    size: uint256 = len(_signature)
    if size >= 32:
        assert extract32(_signature, size - 32) != WRAPPED, "account: ERC-6492 signature refused"
    return signatures._signed(_signer, _struct_hash, _signature)


@internal
@pure
def _statement(_digest: bytes32, _holding: uint256) -> bytes32:
    return keccak256(abi_encode(STATEMENT_TYPE, _digest, _holding))


@internal
def _use_nonce(_signer: address, _nonce: uint256, _deadline: uint256):
    assert block.timestamp <= _deadline, "account: intent expired"
    assert _nonce == self.nonces[_signer], "account: nonce used"
    self.nonces[_signer] = _nonce + 1


@internal
@pure
def _hash(_call: IAgentAccount.Call) -> bytes32:
    return keccak256(abi_encode(CALL_TYPE, _call.to, _call.value, keccak256(_call.data)))


@internal
@pure
def _hash_all(_hashes: DynArray[bytes32, MAX_CALLS]) -> bytes32:
    """
    @dev EIP-712's hash of an array of structs.
    """
    return keccak256(slice(abi_encode(_hashes), 64, 32 * len(_hashes)))
