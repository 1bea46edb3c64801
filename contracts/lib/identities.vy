# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Identities: keys that are replaced or lost, and names for them
@license MIT
@notice An account stays the author of what it registered. Its key can name a new account, or a recovery address that it
    named beforehand can, after notice; the new account accepts, and acts for the old one from then on. A key that was
    replaced or declared lost does nothing new.
@dev An account's word is zero until its key is closed, so that whoever acts costs one slot more. A new account may be
    replaced in turn: the chain is followed for `MAX_HOPS`. A new account has not been replaced itself when it accepts,
    so that no chain comes back.
@custom:security The recovery address overrules the key, also after a thief's replacement: name an account of several
    people. Naming another one counts after twice the notice, so that a thief's change comes later than a recovery.
"""

from ..interfaces import IProvenanceRegistry

# Time from a recovery's proposal to its effect, seconds; naming another recovery address takes twice as long.
RECOVERY_NOTICE: public(constant(uint256)) = 7 * 86_400

# Replacements of one account that are followed.
MAX_HOPS: constant(uint256) = 8

# An identity's word: the account that acts for it from bit 0 (160, zero: none), since when its key is closed (40).
CLOSED_AT: constant(uint256) = 160
# A proposal's word, and a recovery address's: the account from bit 0 (160), from when it counts (40).
FROM_AT: constant(uint256) = 160
U40: constant(uint256) = 2**40 - 1
U160: constant(uint256) = 2**160 - 1

# Account -> its word; zero while its key is in use.
_identities: HashMap[address, uint256]

# Account -> who proposes (itself, or its recovery address) -> the new account.
_proposals: HashMap[address, HashMap[address, uint256]]

# Account -> the recovery address before the last change, and the one after it.
_recoveries: HashMap[address, uint256[2]]

# Account -> hash of the name that it claims; zero when none.
_names: HashMap[address, bytes32]


@external
def propose_replacement(_account: address, _new: address):
    """
    @notice Name the account that is to act for `_account` from now on: by its own key, which counts at once, or by its
        recovery address, which counts after `RECOVERY_NOTICE`. The new account then accepts.
    @param _account Whose key is replaced.
    @param _new The new account.
    """
    assert _new != empty(address) and _new != _account, "registry: not another account"
    ready: uint256 = block.timestamp
    if msg.sender == _account:
        self._check_open(_account)
    else:
        assert msg.sender == self._recovery(_account), "registry: not the recovery address"
        ready += RECOVERY_NOTICE
    self._proposals[_account][msg.sender] = convert(_new, uint256) | (ready << FROM_AT)
    log IProvenanceRegistry.ReplacementProposed(account=_account, proposer=msg.sender, new=_new, effective_from=ready)


@external
def accept_replacement(_account: address, _proposer: address):
    """
    @notice Act for an account from now on, as its key or its recovery address proposed; the old key is closed.
    @param _account The account that is replaced.
    @param _proposer Who named the caller: the account itself, or its recovery address.
    """
    proposal: uint256 = self._proposals[_account][_proposer]
    assert proposal & U160 == convert(msg.sender, uint256), "registry: not the proposed account"
    assert proposal >> FROM_AT <= block.timestamp, "registry: proposal is under notice"
    self._check_open(msg.sender)
    word: uint256 = self._identities[_account]
    assert _proposer == self._recovery(_account) or (word == 0 and _proposer == _account), "registry: proposal is void"
    self._proposals[_account][_proposer] = 0
    self._close(_account, word, msg.sender)
    log IProvenanceRegistry.Replaced(account=_account, new=msg.sender)


@external
def declare_lost(_account: address):
    """
    @notice Close a key at once: nothing new of it counts. By the key itself or its recovery address.
    @param _account Whose key is lost.
    """
    assert msg.sender in [_account, self._recovery(_account)], "registry: not the key or its recovery address"
    self._check_open(_account)
    self._close(_account, 0, empty(address))
    log IProvenanceRegistry.DeclaredLost(account=_account, by=msg.sender)


@external
def name_recovery(_recovery: address):
    """
    @notice Name the address that may replace one's key. The first counts at once, another after twice
        `RECOVERY_NOTICE`.
    @param _recovery The address, better an account of several people.
    """
    self._check_open(msg.sender)
    assert _recovery != msg.sender, "registry: not another account"
    now: address = self._recovery(msg.sender)
    start: uint256 = block.timestamp
    if now != empty(address):
        start += 2 * RECOVERY_NOTICE
    self._recoveries[msg.sender] = [convert(now, uint256), convert(_recovery, uint256) | (start << FROM_AT)]
    log IProvenanceRegistry.RecoveryNamed(account=msg.sender, recovery=_recovery, effective_from=start)


@external
def claim_name(_name: String[128]):
    """
    @notice Say who one is: a did:web, or a Sigstore identity. It is a claim; verifiers look there for the account.
    @param _name The name; empty takes it back.
    """
    self._check_open(msg.sender)
    hashed: bytes32 = empty(bytes32)
    if len(_name) > 0:
        hashed = keccak256(_name)
    self._names[msg.sender] = hashed
    log IProvenanceRegistry.NameClaimed(account=msg.sender, name=_name)


@external
@view
def identity_of(_account: address) -> (address, uint256, address, bytes32):
    """
    @notice Who acts for the account instead of its key (zero: its key, or nobody when it is closed), since when the key
        is closed (unix seconds, 0: not), its recovery address, and the hash of the name that it claims.
    """
    word: uint256 = self._identities[_account]
    return convert(word & U160, address), word >> CLOSED_AT, self._recovery(_account), self._names[_account]


@external
@view
def acts_for(_actor: address, _account: address) -> bool:
    """
    @notice Whether `_actor` acts for `_account` now: its own key, or the last of those that replaced it.
    """
    return self._acts_for(_actor, _account)


@internal
@view
def _acts_for(_actor: address, _account: address) -> bool:
    account: address = _account
    for _: uint256 in range(MAX_HOPS + 1):
        word: uint256 = self._identities[account]
        if word == 0:
            return account == _actor
        account = convert(word & U160, address)
        if account == empty(address):
            break
    return False


@internal
@view
def _check_open(_account: address):
    assert self._identities[_account] == 0, "registry: key was replaced or lost"


@internal
@view
def _recovery(_account: address) -> address:
    words: uint256[2] = self._recoveries[_account]
    if words[1] >> FROM_AT <= block.timestamp:
        return convert(words[1] & U160, address)
    return convert(words[0] & U160, address)


@internal
def _close(_account: address, _word: uint256, _new: address):
    # A key that was closed stays closed since then, whoever is named later.
    since: uint256 = _word >> CLOSED_AT
    if _word == 0:
        since = block.timestamp
    self._identities[_account] = convert(_new, uint256) | (since << CLOSED_AT)
