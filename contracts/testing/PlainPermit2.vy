# pragma version 0.4.3
"""
@title PlainPermit2
@license MIT
@notice Stands for Uniswap's Permit2 where a test cannot have it: the one call of x402's collector, from the typed data
    that payers sign. Nonces are used once in any order, the domain has no version, and who signed is asked as there.
"""

from ethereum.ercs import IERC20


struct TokenPermissions:
    token: address
    amount: uint256


struct PermitTransferFrom:
    permitted: TokenPermissions
    nonce: uint256
    deadline: uint256


struct TransferDetails:
    to: address
    requestedAmount: uint256


interface Wallet:
    def isValidSignature(_digest: bytes32, _signature: Bytes[1_300]) -> bytes4: view


# EIP-712 types.
DOMAIN_TYPE: constant(bytes32) = keccak256("EIP712Domain(string name,uint256 chainId,address verifyingContract)")
PERMISSIONS_TYPE: constant(bytes32) = keccak256("TokenPermissions(address token,uint256 amount)")
STUB: constant(String[120]) = (
    "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,"
)

# The answer of ERC-1271.
MAGIC: constant(bytes4) = 0x1626BA7E

# owner -> nonce -> used.
is_used: public(HashMap[address, HashMap[uint256, bool]])


@external
def permitWitnessTransferFrom(
    permit: PermitTransferFrom,
    transferDetails: TransferDetails,
    owner: address,
    witness: bytes32,
    witnessTypeString: String[128],
    signature: Bytes[1_300],
):
    assert block.timestamp <= permit.deadline, "permit2: expired"
    assert transferDetails.requestedAmount <= permit.permitted.amount, "permit2: more than permitted"
    assert not self.is_used[owner][permit.nonce], "permit2: nonce was used"
    self.is_used[owner][permit.nonce] = True
    struct_hash: bytes32 = keccak256(
        abi_encode(
            keccak256(concat(STUB, witnessTypeString)),
            keccak256(abi_encode(PERMISSIONS_TYPE, permit.permitted)),
            msg.sender,
            permit.nonce,
            permit.deadline,
            witness,
        )
    )
    domain: bytes32 = keccak256(abi_encode(DOMAIN_TYPE, keccak256("Permit2"), chain.id, self))
    digest: bytes32 = keccak256(concat(b"\x19\x01", domain, struct_hash))
    assert self._is_signed(owner, digest, signature), "permit2: not signed"
    extcall IERC20(permit.permitted.token).transferFrom(
        owner, transferDetails.to, transferDetails.requestedAmount, default_return_value=True
    )


@internal
@view
def _is_signed(_owner: address, _digest: bytes32, _signature: Bytes[1_300]) -> bool:
    if _owner.is_contract:
        return staticcall Wallet(_owner).isValidSignature(_digest, _signature) == MAGIC
    if len(_signature) != 65:
        return False
    r: uint256 = extract32(_signature, 0, output_type=uint256)
    s: uint256 = extract32(_signature, 32, output_type=uint256)
    v: uint256 = extract32(_signature, 33, output_type=uint256) & 255
    return ecrecover(_digest, v, r, s) == _owner
