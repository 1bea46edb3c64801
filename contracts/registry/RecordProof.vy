# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title RecordProof
@license MIT
@notice Checks on this chain what a provenance registry of another chain holds: author, kind, state and time of a record
    at a block. The caller names chain and registry, and either the block's hash or the attestors whose word about it
    counts. Attestors have coins behind what they sign: two headers of one number cost them.
@dev A service of the staking hub that anybody may join. A binding is one promise of one size, whatever it attests, and
    ends with its first slash; the next one begins a second later. The proof is the `eth_getProof` of one slot of the
    registry, so a registry of another layout cannot be read.
@custom:security A quorum that agrees on a wrong header, and never signs the right one, loses nothing: whoever calls
    chooses attestors that do not depend on each other. What nobody contradicts is as good as their word. Attestors sign
    final blocks only, since a number may get another block before. Nobody is made whole here: a contradiction pays its
    prover, and insurance. Provers commit one block before they show one, else it would be copied.
@custom:kill The timelock removes the service from the hub: then no signature counts and nobody binds any more, and
    contradictions are paid until the horizon has passed. Proofs from a known hash need nothing but this code.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ..interfaces import IProvenanceRegistry
from ..interfaces import IRecordProof
from ..interfaces import IService
from ..interfaces import IStakingHub

implements: IRecordProof
implements: IService


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from snekmate.utils import eip712_domain_separator as eip712
from snekmate.utils import message_hash_utils
from ..lib import commitments
from ..lib import hotkeys
from ..lib import payouts
from ..lib import record_hash
from ..lib import signatures
from ..lib import state_proofs

initializes: eip712
initializes: signatures[eip712 := eip712]
initializes: hotkeys[eip712 := eip712, signatures := signatures]
initializes: commitments
initializes: payouts

exports: (
    eip712.eip712Domain,
    commitments.commit_proof,
    hotkeys.register_key,
    hotkeys.retire_key,
    hotkeys.key,
    hotkeys.operator_of,
    payouts.credits,
    payouts.pay,
    payouts.token,
    payouts.withdraw,
)


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Longest time from an act of the attestor to the last second of a binding, and from there to the last report, seconds.
LONGEST: public(constant(uint256)) = 180 * 86_400
EVIDENCE_WINDOW: public(constant(uint256)) = 14 * 86_400

# Wei that a prover gets for a contradiction, that it takes as damages (the hub credits four fifths), and as penalty.
REWARD: public(constant(uint256)) = 200 * 10**18
DAMAGES: constant(uint256) = REWARD * 5 // 4
PENALTY: public(constant(uint256)) = 2_000 * 10**18
RESERVE: constant(uint256) = DAMAGES + PENALTY

# A binding's word: since from bit 0 (40), last (40), whether it is reserved (8).
LAST_AT: constant(uint256) = 40
RESERVED_AT: constant(uint256) = 80
U40: constant(uint256) = 2**40 - 1

# Where the registry keeps its records, and the fields of a record's word, as contracts/lib/records.vy has them.
RECORDS_SLOT: constant(bytes32) = 0x0000000000000000000000000000000000000000000000000000000000000002
TIME_AT: constant(uint256) = 160
KIND_AT: constant(uint256) = 200
STATUS_AT: constant(uint256) = 208
U8: constant(uint256) = 2**8 - 1
U160: constant(uint256) = 2**160 - 1

# EIP-712: the registry's domain, and what attestors sign.
REGISTRY_NAME: constant(bytes32) = keccak256("Keifu Provenance")
REGISTRY_VERSION: constant(bytes32) = keccak256("1")
DOMAIN_TYPE: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
HEADER_TYPE: constant(bytes32) = keccak256(
    "Header(address key,uint256 chainId,uint256 number,bytes32 blockHash,uint64 time)"
)


# ############################################################## #
#                            IMMUTABLES                          #
# ############################################################## #

# Where the attestors' coins are.
hub: public(immutable(IStakingHub))


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# attestor -> its word.
_bindings: HashMap[address, uint256]


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__(_token: address, _hub: address):
    """
    @param _token The coin at stake.
    @param _hub Where it is.
    """
    assert _hub.is_contract, "record proof: no hub"
    hub = IStakingHub(_hub)
    eip712.__init__("Keifu RecordProof", "1")
    payouts.__init__(_token)


# ############################################################## #
#                        ATTESTOR FUNCTIONS                      #
# ############################################################## #

@external
def bind(_last: uint256):
    """
    @notice Promise that no two headers of one number are signed by the caller's keys until `_last`, or prolong that.
    @param _last Unix seconds, at most `LONGEST` from now.
    """
    assert block.timestamp < _last and _last <= block.timestamp + LONGEST, "record proof: bad last day"
    assert staticcall hub.listed(self), "record proof: service not listed"
    word: uint256 = self._bindings[msg.sender]
    since: uint256 = word & U40
    if word >> RESERVED_AT == 0 or block.timestamp > self._until(word):
        # A slash of this second has been paid from the binding before.
        since = block.timestamp + 1
        assert RESERVE <= staticcall hub.lock_of(self, msg.sender), "record proof: lock too small"
    else:
        assert _last >= (word >> LAST_AT) & U40, "record proof: last day is earlier"
    self._bindings[msg.sender] = since | (_last << LAST_AT) | (1 << RESERVED_AT)
    log IRecordProof.Bound(attestor=msg.sender, since=since, last=_last)
    extcall hub.bind(msg.sender, RESERVE)


@external
def unlock(_amount: uint256):
    """
    @notice Free `_amount` wei of the caller's lock. A binding whose evidence window is over needs no coins any more.
    """
    word: uint256 = self._bindings[msg.sender]
    if word >> RESERVED_AT > 0 and block.timestamp > self._until(word):
        self._bindings[msg.sender] = word ^ (1 << RESERVED_AT)
    extcall hub.unlock(msg.sender, _amount, self._reserved(msg.sender))


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def report(
    _first: IRecordProof.Header,
    _first_signature: Bytes[65],
    _second: IRecordProof.Header,
    _second_signature: Bytes[65],
):
    """
    @notice Show two headers of one number that one attestor's keys signed, committed in an earlier block.
    @param _first The one that was signed while its binding ran.
    @param _second The other one, of whatever time.
    """
    assert commitments._committed(self._evidence(_first, _second)) > 0, "record proof: not committed"
    assert (
        _first.chainId == _second.chainId and _first.number == _second.number and _first.blockHash != _second.blockHash
    ), "record proof: no contradiction"
    attestor: address = self._attestor_of(_first)
    assert attestor != empty(address) and attestor == self._attestor_of(_second), "record proof: not one attestor"
    word: uint256 = self._bindings[attestor]
    assert self._answers(word, convert(_first.time, uint256)), "record proof: no binding answers"
    assert self._is_signed(_first, _first_signature), "record proof: bad signature"
    assert self._is_signed(_second, _second_signature), "record proof: bad signature"
    self._bindings[attestor] = word ^ (1 << RESERVED_AT)
    extcall hub.slash(attestor, DAMAGES, PENALTY)
    # Nothing else is ever credited to this contract there.
    reward: uint256 = extcall hub.collect(self, 0)
    payouts.credits[msg.sender] += reward
    log IRecordProof.Contradicted(
        attestor=attestor,
        prover=msg.sender,
        chain_id=_first.chainId,
        number=_first.number,
        first=_first.blockHash,
        second=_second.blockHash,
        reward=reward,
    )


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def record_at(_block_hash: bytes32, _registry: address, _id: bytes32, _proof: IRecordProof.Proof) -> IRecordProof.Found:
    """
    @notice A record of another chain's registry, as of a block whose hash the caller knows to be that chain's.
    @param _block_hash Believed by the caller; never take it from whoever brings the proof.
    @param _registry Address on the other chain, likewise.
    @param _id The record's. All zero is answered where the proof shows that there is none.
    @param _proof Header of the block, and the nodes that `eth_getProof` gives.
    """
    assert keccak256(_proof.header) == _block_hash, "record proof: not that block"
    return self._found(_registry, _id, _proof, state_proofs._header(_proof.header))


@external
@view
def attested_record(
    _trust: IRecordProof.Trust,
    _id: bytes32,
    _proof: IRecordProof.Proof,
    _signed: DynArray[IRecordProof.Signed, 16],
) -> IRecordProof.Found:
    """
    @notice A record of another chain's registry, as of a block that attestors signed who have coins behind that.
    @param _trust The caller's side: chain, registry, whose word counts, how many of them, and the block's age at most.
    @param _signed Signatures in the ascending order of their attestors.
    """
    assert _trust.quorum > 0 and len(_signed) >= _trust.quorum, "record proof: too few signatures"
    assert staticcall hub.listed(self), "record proof: service not listed"
    header: state_proofs.Header = state_proofs._header(_proof.header)
    assert block.timestamp <= header.timestamp + _trust.max_age, "record proof: block too old"
    said: IRecordProof.Header = IRecordProof.Header(
        key=empty(address),
        chainId=_trust.chain_id,
        number=header.number,
        blockHash=keccak256(_proof.header),
        time=0,
    )
    last: uint256 = 0
    for signed: IRecordProof.Signed in _signed:
        said.key = signed.key
        said.time = signed.time
        attestor: address = self._attestor_of(said)
        assert attestor in _trust.attestors, "record proof: attestor is not trusted"
        assert convert(attestor, uint256) > last, "record proof: attestors are not in order"
        last = convert(attestor, uint256)
        assert self._answers(
            self._bindings[attestor], convert(signed.time, uint256)
        ), "record proof: no binding answers"
        assert self._is_signed(said, signed.signature), "record proof: bad signature"
    return self._found(_trust.registry, _id, _proof, header)


@external
@view
def record_id(_chain_id: uint256, _registry: address, _record: IProvenanceRegistry.Record) -> bytes32:
    """
    @notice Id that a record has in a registry of another chain: what holds its content against a proof.
    """
    domain: bytes32 = keccak256(abi_encode(DOMAIN_TYPE, REGISTRY_NAME, REGISTRY_VERSION, _chain_id, _registry))
    return record_hash._id(message_hash_utils._to_typed_data_hash(domain, record_hash._record(_record)))


@external
@view
def terms() -> IService.Terms:
    """
    @notice What the service promises to those who use it: nothing is restored, contradictions cost.
    """
    return IService.Terms(evidence_window=EVIDENCE_WINDOW, rounds=0, court=empty(address), smallest=0, largest=0)


@external
@view
def reserved(_operator: address) -> uint256:
    """
    @notice Wei of an attestor's lock that its binding needs.
    """
    return self._reserved(_operator)


@external
@view
def binding(_attestor: address) -> IRecordProof.Binding:
    """
    @notice What an attestor promised; zeros when nothing.
    """
    word: uint256 = self._bindings[_attestor]
    until: uint256 = 0
    if word > 0:
        until = self._until(word)
    return IRecordProof.Binding(
        since=word & U40, last=(word >> LAST_AT) & U40, until=until, reserve=self._reserved(_attestor)
    )


@external
@view
def evidence_of(_first: IRecordProof.Header, _second: IRecordProof.Header) -> bytes32:
    """
    @notice The secret of `commit_proof`: a prover commits to the hash of it and its own address.
    """
    return self._evidence(_first, _second)


# ############################################################## #
#                            INTERNAL                            #
# ############################################################## #

@internal
@pure
def _found(
    _registry: address, _id: bytes32, _proof: IRecordProof.Proof, _header: state_proofs.Header
) -> IRecordProof.Found:
    """
    @dev The record's word in the state of a header that is believed.
    """
    root: bytes32 = state_proofs._storage_root(_header.state_root, _registry, _proof.account)
    word: uint256 = state_proofs._word(root, keccak256(concat(RECORDS_SLOT, _id)), _proof.storage)
    return IRecordProof.Found(
        author=convert(word & U160, address),
        kind=convert((word >> KIND_AT) & U8, uint8),
        status=convert(word >> STATUS_AT, uint8),
        time=(word >> TIME_AT) & U40,
        number=_header.number,
        block_time=_header.timestamp,
    )


@internal
@pure
def _until(_word: uint256) -> uint256:
    return ((_word >> LAST_AT) & U40) + EVIDENCE_WINDOW


@internal
@view
def _reserved(_attestor: address) -> uint256:
    return RESERVE if self._bindings[_attestor] >> RESERVED_AT > 0 else 0


@internal
@view
def _answers(_word: uint256, _time: uint256) -> bool:
    """
    @dev Whether a binding has coins for what was signed at that time, and can still be reported.
    """
    return (
        _word >> RESERVED_AT > 0
        and _word & U40 <= _time
        and _time <= (_word >> LAST_AT) & U40
        and _time <= block.timestamp
        and block.timestamp <= self._until(_word)
    )


@internal
@view
def _attestor_of(_header: IRecordProof.Header) -> address:
    # A node's key, of the kind that signs what the node sees.
    return hotkeys._operator_of(_header.key, hotkeys.HEARTBEAT, convert(_header.time, uint256))


@internal
@view
def _is_signed(_header: IRecordProof.Header, _signature: Bytes[65]) -> bool:
    struct_hash: bytes32 = keccak256(abi_encode(HEADER_TYPE, _header))
    return signatures._signed_by_key(_header.key, struct_hash, eip712._hash_typed_data_v4(struct_hash), _signature)


@internal
@pure
def _evidence(_first: IRecordProof.Header, _second: IRecordProof.Header) -> bytes32:
    return keccak256(abi_encode(_first, _second))
