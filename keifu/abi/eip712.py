"""Every typed struct of the suite, once: what its contracts take signatures over (EIP-712).

    domain = Domain("Keifu", "1", chain_id, token)
    signature = domain.sign(holder, PERMIT, holder, spender, value, nonce, deadline)

Values are given in member order. The token's structs are those of EIP-2612 and EIP-3009.
"""

from __future__ import annotations

from ethwire.eip712 import StructType

__all__ = [
    "ACCEPTANCE",
    "ACCESS",
    "ACCOUNT_STATEMENT",
    "AGENT_WALLET",
    "ATTEST",
    "ATTESTATION",
    "BATCH",
    "BLOCK_HEADER",
    "CALL",
    "CANCEL_AUTHORIZATION",
    "CHANNEL_CONFIG",
    "CLAIM_AND_STAKE",
    "CLAIM_BATCH",
    "CLAIM_ENTRY",
    "COVER",
    "DATUM",
    "DISPUTE_PERMIT",
    "HEARTBEAT",
    "HOT_KEY",
    "ITEM",
    "LABEL",
    "LINK",
    "ORDER",
    "PERMIT",
    "RECEIPT",
    "RECEIPT_BATCH",
    "RECEIVE_WITH_AUTHORIZATION",
    "RECORD",
    "REFUND",
    "REGISTER",
    "SESSION_CALL",
    "STATEMENT",
    "TRANSFER_WITH_AUTHORIZATION",
    "VOUCHER",
]

_AUTHORIZATION = {
    "from": "address",
    "to": "address",
    "value": "uint256",
    "validAfter": "uint256",
    "validBefore": "uint256",
    "nonce": "bytes32",
}

# KeifuToken
PERMIT = StructType("Permit", owner="address", spender="address", value="uint256", nonce="uint256", deadline="uint256")
TRANSFER_WITH_AUTHORIZATION = StructType("TransferWithAuthorization", (), **_AUTHORIZATION)
RECEIVE_WITH_AUTHORIZATION = StructType("ReceiveWithAuthorization", (), **_AUTHORIZATION)
CANCEL_AUTHORIZATION = StructType("CancelAuthorization", authorizer="address", nonce="bytes32")

# TGEDistributor
CLAIM_AND_STAKE = StructType(
    "ClaimAndStake",
    index="uint256",
    account="address",
    operator="address",
    amount="uint256",
    minShares="uint256",
    nonce="uint256",
    deadline="uint256",
)

# ProvenanceRegistry and Environments
LINK = StructType("Link", relation="uint8", parent="bytes32")
RECORD = StructType(
    "Record",
    (LINK,),
    author="address",
    kind="uint8",
    digest="bytes32",
    contentRoot="bytes32",
    programRoot="bytes32",
    manifest="bytes32",
    uri="string",
    licence="string",
    version="string",
    links="Link[]",
)
REGISTER = StructType("Register", (LINK, RECORD), record="Record", nonce="uint256", deadline="uint256")
ATTESTATION = StructType(
    "Attestation",
    schema="bytes32",
    subject="bytes32",
    expiry="uint64",
    revocable="bool",
    reference="bytes32",
    data="bytes32",
)
ATTEST = StructType(
    "Attest", (ATTESTATION,), attester="address", attestation="Attestation", nonce="uint256", deadline="uint256"
)
LABEL = StructType("Label", labeller="address", dataset="bytes32", index="uint256", sample="bytes32", label="bytes32")
HEARTBEAT = StructType(
    "Heartbeat", node="address", environment="bytes32", promotionSeq="uint64", digest="bytes32", time="uint64"
)

# AgentAccount
CALL = StructType("Call", to="address", value="uint256", data="bytes")
BATCH = StructType("Batch", (CALL,), calls="Call[]", holding="uint256", nonce="uint256", deadline="uint256")
SESSION_CALL = StructType(
    "SessionCall", (CALL,), key="address", session="uint256", call="Call", nonce="uint256", deadline="uint256"
)
ACCOUNT_STATEMENT = StructType("Statement", digest="bytes32", holding="uint256")

# AgentIdentity (ERC-8004)
AGENT_WALLET = StructType("AgentWalletSet", agentId="uint256", newWallet="address", owner="address", deadline="uint256")

# Keys of operators (contracts/lib/hotkeys.vy)
HOT_KEY = StructType("HotKey", operator="address", key="address", kind="uint8")

# RecordProof
BLOCK_HEADER = StructType(
    "Header", key="address", chainId="uint256", number="uint256", blockHash="bytes32", time="uint64"
)

# DataVerifier
ITEM = StructType(
    "Item",
    oldDataHash="bytes32",
    newDataHash="bytes32",
    sealedKey="bytes",
    encryptedPubKey="bytes",
    keyHash="bytes32",
)
DATUM = StructType("Datum", oldDataHash="bytes32", newDataHash="bytes32", encryptedPubKey="bytes")
_MOVE = {"token": "address", "tokenId": "uint256", "cloneId": "uint256", "from": "address", "to": "address"}
STATEMENT = StructType(
    "Statement",
    (ITEM,),
    **_MOVE,
    items="Item[]",
    backing="uint256",
    epoch="uint256",
    nonce="bytes32",
    deadline="uint256",
)
ACCESS = StructType("Access", (DATUM,), **_MOVE, data="Datum[]", nonce="bytes32", deadline="uint256")

# AgentMarket
ORDER = StructType(
    "Order",
    seller="address",
    buyer="address",
    tokenId="uint256",
    transfers="uint256",
    data="bytes32",
    leasedUntil="uint256",
    account="address",
    accountState="uint256",
    price="uint256",
    currency="address",
    backing="uint256",
    nonce="bytes32",
    deadline="uint256",
)

# Channels (x402, scheme "batch-settlement")
CHANNEL_CONFIG = StructType(
    "ChannelConfig",
    payer="address",
    payerAuthorizer="address",
    receiver="address",
    receiverAuthorizer="address",
    token="address",  # noqa: S106 - a type, no password
    withdrawDelay="uint40",
    salt="bytes32",
)
VOUCHER = StructType("Voucher", channelId="bytes32", maxClaimableAmount="uint128")
REFUND = StructType("Refund", channelId="bytes32", nonce="uint256", amount="uint128")
CLAIM_ENTRY = StructType("ClaimEntry", channelId="bytes32", maxClaimableAmount="uint128", totalClaimed="uint128")
CLAIM_BATCH = StructType("ClaimBatch", (CLAIM_ENTRY,), claims="ClaimEntry[]")

# ComputeMarket
RECEIPT = StructType(
    "Receipt",
    channelId="bytes32",
    number="uint64",
    environment="bytes32",
    promotionSeq="uint64",
    digest="bytes32",
    requestHash="bytes32",
    responseHash="bytes32",
    inputRoot="bytes32",
    outputRoot="bytes32",
    traceRoot="bytes32",
    inputUnits="uint64",
    outputUnits="uint64",
    fee="uint128",
    charged="uint128",
    evidence="uint8",
    time="uint64",
)
RECEIPT_BATCH = StructType("ReceiptBatch", root="bytes32")
COVER = StructType(
    "Cover", channelId="bytes32", restitution="uint256", price="uint256", last="uint64", deadline="uint64"
)

# InferenceDisputes; its covers are signed as the market's, under a domain of its own.
DISPUTE_PERMIT = StructType("Permit", watcher="address", deadline="uint64")

# StorageDeals
ACCEPTANCE = StructType(
    "Acceptance",
    deal="bytes32",
    index="uint256",
    token="address",  # noqa: S106
    price="uint256",
    restitution="uint256",
    end="uint256",
    deadline="uint256",
)
