# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize codesize
"""
@title AgentIdentity
@license MIT
@notice Identity registry of ERC-8004 for chains that have none: agents as tokens (ERC-721), each with a file that
    describes it, metadata, and a wallet that has agreed. Calls, events and answers are those of the deployed contracts
    of version 2.0.0. Ours besides: an agent can be bound to an intelligent NFT, whose data is then the agent's.
@dev Agents are numbered from 0. Owners and approvals are kept as those of intelligent NFTs, so refusals about them
    begin with `inft:`. A wallet names the move at which it was set: a transfer ends it. What is unlimited in the
    standard has a limit here; what is longer is refused as malformed.
@custom:security Metadata says what the agent's owner says. A wallet has signed that it is the agent's, not that it acts
    well. The description of a sold agent stays as it was, until its new owner changes it.
@custom:kill Cannot be stopped, and nobody can change it.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IAgentIdentity
from ..interfaces import IIntelligentNFT

implements: IAgentIdentity


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from snekmate.utils import eip712_domain_separator as eip712
from ..lib import signatures
from .lib import erc8004
from .lib import tokens

initializes: eip712
initializes: signatures[eip712 := eip712]
initializes: tokens
exports: (
    eip712.eip712Domain,
    erc8004.getVersion,
    tokens.approve,
    tokens.setApprovalForAll,
    tokens.ownerOf,
    tokens.balanceOf,
    tokens.getApproved,
    tokens.isApprovedForAll,
    tokens.transfer_count,
)


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

name: public(constant(String[13])) = "AgentIdentity"
symbol: public(constant(String[5])) = "AGENT"

# Longest description file's address, key and value, bytes; entries that come with a registration.
MAX_URI: constant(uint256) = 2_048
MAX_KEY: constant(uint256) = 64
MAX_VALUE: constant(uint256) = 1_024
MAX_ENTRIES: constant(uint256) = 8

# The key that only `setAgentWallet` writes.
WALLET_KEY: constant(String[11]) = "agentWallet"

# Longest time from a wallet's signature to its deadline, seconds.
MAX_DEADLINE_DELAY: constant(uint256) = 300

WALLET_TYPE: constant(bytes32) = keccak256(
    "AgentWalletSet(uint256 agentId,address newWallet,address owner,uint256 deadline)"
)

# ERC-165.
INTERFACES: constant(bytes4[4]) = [
    0x01ffc9a7,  # ERC-165
    0x80ac58cd,  # ERC-721
    0x5b5e139f,  # ERC-721 metadata
    0x49064906,  # ERC-4906
]


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Intelligent NFTs that an agent can be bound to.
collection: public(immutable(IIntelligentNFT))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# Agents that there are.
count: uint256

# agent -> where the file is that describes it.
uris: HashMap[uint256, String[MAX_URI]]

# agent -> key -> value; all but the wallet.
metadata: HashMap[uint256, HashMap[String[MAX_KEY], Bytes[MAX_VALUE]]]

# agent -> wallet 160 | moves at which it was set 48.
wallets: HashMap[uint256, uint256]

# agent -> the token that it was bound to last; token -> the agent that was bound to it last, from 1.
tokens_of: HashMap[uint256, uint256]
agents_of: HashMap[uint256, uint256]


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_collection: address):
    """
    @param _collection Intelligent NFTs that an agent can be bound to.
    """
    assert _collection != empty(address), "identity: no collection"
    eip712.__init__("ERC8004IdentityRegistry", "1")
    collection = IIntelligentNFT(_collection)


# ############################################################## #
#                         OWNER FUNCTIONS                        #
# ############################################################## #

@external
def register(_agentURI: String[MAX_URI] = "", _metadata: DynArray[IAgentIdentity.MetadataEntry, 8] = []) -> uint256:
    """
    @notice Make an agent of the caller's; its wallet is the caller.
    @param _agentURI Where the file is that describes it.
    @return The agent's number.
    """
    agent: uint256 = self.count
    self.count = agent + 1
    self.wallets[agent] = convert(msg.sender, uint256)
    tokens._create(msg.sender, agent, 0)
    tokens._ask_receiver(empty(address), msg.sender, agent, b"")
    if len(_agentURI) > 0:
        self._set_uri(agent, _agentURI)
    log IAgentIdentity.Registered(agentId=agent, agentURI=_agentURI, owner=msg.sender)
    self._log_wallet(agent, slice(convert(msg.sender, bytes32), 12, 20))
    for entry: IAgentIdentity.MetadataEntry in _metadata:
        self._set_metadata(agent, entry.metadataKey, entry.metadataValue)
    return agent


@external
def transferFrom(_from: address, _to: address, _token_id: uint256):
    """
    @notice Move an agent; its wallet is none any more.
    """
    self._transfer(_from, _to, _token_id)


@external
def safeTransferFrom(_from: address, _to: address, _token_id: uint256, _data: Bytes[tokens.MAX_DATA] = b""):
    """
    @notice The same; a contract is asked whether it takes the agent.
    """
    self._transfer(_from, _to, _token_id)
    tokens._ask_receiver(_from, _to, _token_id, _data)


@external
def setMetadata(_agentId: uint256, _metadataKey: String[MAX_KEY], _metadataValue: Bytes[MAX_VALUE]):
    """
    @notice Write one of an agent's values; any key but that of the wallet.
    """
    self._check_authorized(_agentId)
    self._set_metadata(_agentId, _metadataKey, _metadataValue)


@external
def setAgentURI(_agentId: uint256, _newURI: String[MAX_URI]):
    """
    @notice Say where the file is that describes the agent.
    """
    self._check_authorized(_agentId)
    self._set_uri(_agentId, _newURI)
    log IAgentIdentity.URIUpdated(agentId=_agentId, newURI=_newURI, updatedBy=msg.sender)


@external
def setAgentWallet(
    _agentId: uint256, _newWallet: address, _deadline: uint256, _signature: Bytes[signatures.MAX_SIGNATURE]
):
    """
    @notice Give an agent the wallet that has signed for it, by key or by ERC-1271.
    @param _deadline Unix seconds; at most five minutes from now.
    """
    self._check_authorized(_agentId)
    assert _newWallet != empty(address), "identity: no wallet"
    assert block.timestamp <= _deadline, "identity: signature has expired"
    assert _deadline <= block.timestamp + MAX_DEADLINE_DELAY, "identity: deadline too far"
    word: uint256 = tokens._existing(_agentId)
    owner: address = convert(word & tokens.OWNER, address)
    said: bytes32 = keccak256(abi_encode(WALLET_TYPE, _agentId, _newWallet, owner, _deadline))
    assert signatures._signed(_newWallet, said, _signature), "identity: wallet has not signed"
    self.wallets[_agentId] = convert(_newWallet, uint256) | tokens._moves(word) << 160
    self._log_wallet(_agentId, slice(convert(_newWallet, bytes32), 12, 20))


@external
def unsetAgentWallet(_agentId: uint256):
    """
    @notice Leave an agent without a wallet.
    """
    self._check_authorized(_agentId)
    self.wallets[_agentId] = 0
    self._log_wallet(_agentId, b"")


@external
def bind_data(_agent_id: uint256, _token_id: uint256):
    """
    @notice Let an agent's data be that of an intelligent NFT which the caller owns; 0 for none any more. Another agent
        that was bound to the token is so no longer.
    """
    self._check_authorized(_agent_id)
    if _token_id != 0:
        assert staticcall collection.ownerOf(_token_id) == msg.sender, "identity: not the token's owner"
        self.agents_of[_token_id] = _agent_id + 1
    self.tokens_of[_agent_id] = _token_id
    log IAgentIdentity.DataBound(agent_id=_agent_id, token_id=_token_id)


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
@reentrant
def getMetadata(_agentId: uint256, _metadataKey: String[MAX_KEY]) -> Bytes[MAX_VALUE]:
    """
    @notice One of an agent's values; empty where nothing was written.
    """
    if _metadataKey == WALLET_KEY:
        wallet: address = self._wallet(_agentId)
        if wallet == empty(address):
            return b""
        return slice(convert(wallet, bytes32), 12, 20)
    return self.metadata[_agentId][_metadataKey]


@external
@view
@reentrant
def getAgentWallet(_agentId: uint256) -> address:
    """
    @notice The account that acts and is paid for the agent; zero for none.
    """
    return self._wallet(_agentId)


@external
@view
@reentrant
def isAuthorizedOrOwner(_spender: address, _agentId: uint256) -> bool:
    """
    @notice Whether an account may act for the agent's owner.
    """
    return self._is_authorized(_spender, _agentId)


@external
@view
@reentrant
def tokenURI(_token_id: uint256) -> String[MAX_URI]:
    """
    @notice Where the file is that describes the agent.
    """
    tokens._existing(_token_id)
    return self.uris[_token_id]


@external
@view
@reentrant
def supportsInterface(_id: bytes4) -> bool:
    """
    @notice ERC-165.
    """
    return _id in INTERFACES


@external
@view
@reentrant
def bound_token(_agent_id: uint256) -> uint256:
    """
    @notice The token whose data is the agent's; 0 for none.
    """
    return self._bound_token(_agent_id)


@external
@view
@reentrant
def data_of(_agent_id: uint256) -> bytes32:
    """
    @notice One hash of all hashes of the agent's data; zero where it is bound to no token, or to one that is burned.
    """
    tokens._existing(_agent_id)
    token_id: uint256 = self._bound_token(_agent_id)
    if token_id == 0:
        return empty(bytes32)
    ok: bool = False
    answer: Bytes[32] = b""
    ok, answer = raw_call(
        collection.address,
        abi_encode(token_id, method_id=method_id("data_hash_of(uint256)")),
        max_outsize=32,
        is_static_call=True,
        revert_on_failure=False,
    )
    if not ok:
        return empty(bytes32)
    return convert(answer, bytes32)


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _is_authorized(_account: address, _agent: uint256) -> bool:
    return tokens._may_act(_account, _agent, tokens._existing(_agent))


@internal
@view
def _check_authorized(_agent: uint256):
    assert self._is_authorized(msg.sender, _agent), "identity: not authorized"


@internal
@view
def _wallet(_agent: uint256) -> address:
    wallet: uint256 = self.wallets[_agent]
    if wallet >> 160 != tokens._moves(tokens.words[_agent]):
        return empty(address)
    return convert(wallet & tokens.OWNER, address)


@internal
@view
def _bound_token(_agent: uint256) -> uint256:
    token_id: uint256 = self.tokens_of[_agent]
    return token_id if self.agents_of[token_id] == _agent + 1 else 0


@internal
def _transfer(_from: address, _to: address, _agent: uint256):
    self._log_wallet(_agent, b"")
    tokens._transfer_plain(_from, _to, _agent)


@internal
def _set_uri(_agent: uint256, _uri: String[MAX_URI]):
    self.uris[_agent] = _uri
    log IAgentIdentity.MetadataUpdate(_tokenId=_agent)


@internal
def _set_metadata(_agent: uint256, _key: String[MAX_KEY], _value: Bytes[MAX_VALUE]):
    assert _key != WALLET_KEY, "identity: key is reserved"
    self.metadata[_agent][_key] = _value
    log IAgentIdentity.MetadataSet(agentId=_agent, indexedMetadataKey=_key, metadataKey=_key, metadataValue=_value)


@internal
def _log_wallet(_agent: uint256, _value: Bytes[20]):
    log IAgentIdentity.MetadataSet(
        agentId=_agent, indexedMetadataKey=WALLET_KEY, metadataKey=WALLET_KEY, metadataValue=_value
    )
