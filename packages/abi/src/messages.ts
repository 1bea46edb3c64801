// `make abi` writes this file from the compiled contracts.

import type { Address } from "./address.js";

/** The domain of signatures that KeifuToken takes. */
export const keifuTokenDomain = (chainId: number, verifyingContract: Address) =>
  ({ name: "Keifu", version: "1", chainId, verifyingContract }) as const;

export const keifuTokenPermit = {
  "primaryType": "Permit",
  "types": {"Permit":[{"name":"owner","type":"address"},{"name":"spender","type":"address"},{"name":"value","type":"uint256"},{"name":"nonce","type":"uint256"},{"name":"deadline","type":"uint256"}]}
} as const;

export const keifuTokenTransferWithAuthorization = {
  "primaryType": "TransferWithAuthorization",
  "types": {"TransferWithAuthorization":[{"name":"from","type":"address"},{"name":"to","type":"address"},{"name":"value","type":"uint256"},{"name":"validAfter","type":"uint256"},{"name":"validBefore","type":"uint256"},{"name":"nonce","type":"bytes32"}]}
} as const;

export const keifuTokenReceiveWithAuthorization = {
  "primaryType": "ReceiveWithAuthorization",
  "types": {"ReceiveWithAuthorization":[{"name":"from","type":"address"},{"name":"to","type":"address"},{"name":"value","type":"uint256"},{"name":"validAfter","type":"uint256"},{"name":"validBefore","type":"uint256"},{"name":"nonce","type":"bytes32"}]}
} as const;

export const keifuTokenCancelAuthorization = {
  "primaryType": "CancelAuthorization",
  "types": {"CancelAuthorization":[{"name":"authorizer","type":"address"},{"name":"nonce","type":"bytes32"}]}
} as const;

/** The domain of signatures that TGEDistributor takes. */
export const tgeDistributorDomain = (chainId: number, verifyingContract: Address) =>
  ({ name: "Keifu TGE", version: "1", chainId, verifyingContract }) as const;

export const tgeDistributorClaimAndStake = {
  "primaryType": "ClaimAndStake",
  "types": {"ClaimAndStake":[{"name":"index","type":"uint256"},{"name":"account","type":"address"},{"name":"operator","type":"address"},{"name":"amount","type":"uint256"},{"name":"minShares","type":"uint256"},{"name":"nonce","type":"uint256"},{"name":"deadline","type":"uint256"}]}
} as const;

/** The domain of signatures that ProvenanceRegistry takes. */
export const provenanceRegistryDomain = (chainId: number, verifyingContract: Address) =>
  ({ name: "Keifu Provenance", version: "1", chainId, verifyingContract }) as const;

export const provenanceRegistryRegister = {
  "primaryType": "Register",
  "types": {"Register":[{"name":"record","type":"Record"},{"name":"nonce","type":"uint256"},{"name":"deadline","type":"uint256"}],"Link":[{"name":"relation","type":"uint8"},{"name":"parent","type":"bytes32"}],"Record":[{"name":"author","type":"address"},{"name":"kind","type":"uint8"},{"name":"digest","type":"bytes32"},{"name":"contentRoot","type":"bytes32"},{"name":"programRoot","type":"bytes32"},{"name":"manifest","type":"bytes32"},{"name":"uri","type":"string"},{"name":"licence","type":"string"},{"name":"version","type":"string"},{"name":"links","type":"Link[]"}]}
} as const;

export const provenanceRegistryAttest = {
  "primaryType": "Attest",
  "types": {"Attest":[{"name":"attester","type":"address"},{"name":"attestation","type":"Attestation"},{"name":"nonce","type":"uint256"},{"name":"deadline","type":"uint256"}],"Attestation":[{"name":"schema","type":"bytes32"},{"name":"subject","type":"bytes32"},{"name":"expiry","type":"uint64"},{"name":"revocable","type":"bool"},{"name":"reference","type":"bytes32"},{"name":"data","type":"bytes32"}]}
} as const;

export const provenanceRegistryLabel = {
  "primaryType": "Label",
  "types": {"Label":[{"name":"labeller","type":"address"},{"name":"dataset","type":"bytes32"},{"name":"index","type":"uint256"},{"name":"sample","type":"bytes32"},{"name":"label","type":"bytes32"}]}
} as const;

/** The domain of signatures that Environments takes. */
export const environmentsDomain = (chainId: number, verifyingContract: Address) =>
  ({ name: "Keifu Environments", version: "1", chainId, verifyingContract }) as const;

export const environmentsHeartbeat = {
  "primaryType": "Heartbeat",
  "types": {"Heartbeat":[{"name":"node","type":"address"},{"name":"environment","type":"bytes32"},{"name":"promotionSeq","type":"uint64"},{"name":"digest","type":"bytes32"},{"name":"time","type":"uint64"}]}
} as const;

/** The domain of signatures that HeartbeatService takes. */
export const heartbeatServiceDomain = (chainId: number, verifyingContract: Address) =>
  ({ name: "Keifu Heartbeats", version: "1", chainId, verifyingContract }) as const;

export const heartbeatServiceHotKey = {
  "primaryType": "HotKey",
  "types": {"HotKey":[{"name":"operator","type":"address"},{"name":"key","type":"address"},{"name":"kind","type":"uint8"}]}
} as const;

/** The domain of signatures that RecordProof takes. */
export const recordProofDomain = (chainId: number, verifyingContract: Address) =>
  ({ name: "Keifu RecordProof", version: "1", chainId, verifyingContract }) as const;

export const recordProofHeader = {
  "primaryType": "Header",
  "types": {"Header":[{"name":"key","type":"address"},{"name":"chainId","type":"uint256"},{"name":"number","type":"uint256"},{"name":"blockHash","type":"bytes32"},{"name":"time","type":"uint64"}]}
} as const;

export const recordProofHotKey = {
  "primaryType": "HotKey",
  "types": {"HotKey":[{"name":"operator","type":"address"},{"name":"key","type":"address"},{"name":"kind","type":"uint8"}]}
} as const;

/** The domain of signatures that AgentAccount takes. */
export const agentAccountDomain = (chainId: number, verifyingContract: Address) =>
  ({ name: "Keifu AgentAccount", version: "1", chainId, verifyingContract }) as const;

export const agentAccountBatch = {
  "primaryType": "Batch",
  "types": {"Batch":[{"name":"calls","type":"Call[]"},{"name":"holding","type":"uint256"},{"name":"nonce","type":"uint256"},{"name":"deadline","type":"uint256"}],"Call":[{"name":"to","type":"address"},{"name":"value","type":"uint256"},{"name":"data","type":"bytes"}]}
} as const;

export const agentAccountSessionCall = {
  "primaryType": "SessionCall",
  "types": {"SessionCall":[{"name":"key","type":"address"},{"name":"session","type":"uint256"},{"name":"call","type":"Call"},{"name":"nonce","type":"uint256"},{"name":"deadline","type":"uint256"}],"Call":[{"name":"to","type":"address"},{"name":"value","type":"uint256"},{"name":"data","type":"bytes"}]}
} as const;

export const agentAccountStatement = {
  "primaryType": "Statement",
  "types": {"Statement":[{"name":"digest","type":"bytes32"},{"name":"holding","type":"uint256"}]}
} as const;

/** The domain of signatures that AgentIdentity takes. */
export const agentIdentityDomain = (chainId: number, verifyingContract: Address) =>
  ({ name: "ERC8004IdentityRegistry", version: "1", chainId, verifyingContract }) as const;

export const agentIdentityAgentWalletSet = {
  "primaryType": "AgentWalletSet",
  "types": {"AgentWalletSet":[{"name":"agentId","type":"uint256"},{"name":"newWallet","type":"address"},{"name":"owner","type":"address"},{"name":"deadline","type":"uint256"}]}
} as const;

/** The domain of signatures that DataVerifier takes. */
export const dataVerifierDomain = (chainId: number, verifyingContract: Address) =>
  ({ name: "Keifu DataVerifier", version: "1", chainId, verifyingContract }) as const;

export const dataVerifierStatement = {
  "primaryType": "Statement",
  "types": {"Statement":[{"name":"token","type":"address"},{"name":"tokenId","type":"uint256"},{"name":"cloneId","type":"uint256"},{"name":"from","type":"address"},{"name":"to","type":"address"},{"name":"items","type":"Item[]"},{"name":"backing","type":"uint256"},{"name":"epoch","type":"uint256"},{"name":"nonce","type":"bytes32"},{"name":"deadline","type":"uint256"}],"Item":[{"name":"oldDataHash","type":"bytes32"},{"name":"newDataHash","type":"bytes32"},{"name":"sealedKey","type":"bytes"},{"name":"encryptedPubKey","type":"bytes"},{"name":"keyHash","type":"bytes32"}]}
} as const;

export const dataVerifierAccess = {
  "primaryType": "Access",
  "types": {"Access":[{"name":"token","type":"address"},{"name":"tokenId","type":"uint256"},{"name":"cloneId","type":"uint256"},{"name":"from","type":"address"},{"name":"to","type":"address"},{"name":"data","type":"Datum[]"},{"name":"nonce","type":"bytes32"},{"name":"deadline","type":"uint256"}],"Datum":[{"name":"oldDataHash","type":"bytes32"},{"name":"newDataHash","type":"bytes32"},{"name":"encryptedPubKey","type":"bytes"}]}
} as const;

/** The domain of signatures that AgentMarket takes. */
export const agentMarketDomain = (chainId: number, verifyingContract: Address) =>
  ({ name: "Keifu AgentMarket", version: "1", chainId, verifyingContract }) as const;

export const agentMarketOrder = {
  "primaryType": "Order",
  "types": {"Order":[{"name":"seller","type":"address"},{"name":"buyer","type":"address"},{"name":"tokenId","type":"uint256"},{"name":"transfers","type":"uint256"},{"name":"data","type":"bytes32"},{"name":"leasedUntil","type":"uint256"},{"name":"account","type":"address"},{"name":"accountState","type":"uint256"},{"name":"price","type":"uint256"},{"name":"currency","type":"address"},{"name":"backing","type":"uint256"},{"name":"nonce","type":"bytes32"},{"name":"deadline","type":"uint256"}]}
} as const;

/** The domain of signatures that Channels takes. */
export const channelsDomain = (chainId: number, verifyingContract: Address) =>
  ({ name: "x402 Batch Settlement", version: "1", chainId, verifyingContract }) as const;

export const channelsChannelConfig = {
  "primaryType": "ChannelConfig",
  "types": {"ChannelConfig":[{"name":"payer","type":"address"},{"name":"payerAuthorizer","type":"address"},{"name":"receiver","type":"address"},{"name":"receiverAuthorizer","type":"address"},{"name":"token","type":"address"},{"name":"withdrawDelay","type":"uint40"},{"name":"salt","type":"bytes32"}]}
} as const;

export const channelsVoucher = {
  "primaryType": "Voucher",
  "types": {"Voucher":[{"name":"channelId","type":"bytes32"},{"name":"maxClaimableAmount","type":"uint128"}]}
} as const;

export const channelsRefund = {
  "primaryType": "Refund",
  "types": {"Refund":[{"name":"channelId","type":"bytes32"},{"name":"nonce","type":"uint256"},{"name":"amount","type":"uint128"}]}
} as const;

export const channelsClaimBatch = {
  "primaryType": "ClaimBatch",
  "types": {"ClaimBatch":[{"name":"claims","type":"ClaimEntry[]"}],"ClaimEntry":[{"name":"channelId","type":"bytes32"},{"name":"maxClaimableAmount","type":"uint128"},{"name":"totalClaimed","type":"uint128"}]}
} as const;

/** The domain of signatures that ComputeMarket takes. */
export const computeMarketDomain = (chainId: number, verifyingContract: Address) =>
  ({ name: "Keifu Compute", version: "1", chainId, verifyingContract }) as const;

export const computeMarketReceipt = {
  "primaryType": "Receipt",
  "types": {"Receipt":[{"name":"channelId","type":"bytes32"},{"name":"number","type":"uint64"},{"name":"environment","type":"bytes32"},{"name":"promotionSeq","type":"uint64"},{"name":"digest","type":"bytes32"},{"name":"requestHash","type":"bytes32"},{"name":"responseHash","type":"bytes32"},{"name":"inputRoot","type":"bytes32"},{"name":"outputRoot","type":"bytes32"},{"name":"traceRoot","type":"bytes32"},{"name":"inputUnits","type":"uint64"},{"name":"outputUnits","type":"uint64"},{"name":"fee","type":"uint128"},{"name":"charged","type":"uint128"},{"name":"evidence","type":"uint8"},{"name":"time","type":"uint64"}]}
} as const;

export const computeMarketReceiptBatch = {
  "primaryType": "ReceiptBatch",
  "types": {"ReceiptBatch":[{"name":"root","type":"bytes32"}]}
} as const;

export const computeMarketCover = {
  "primaryType": "Cover",
  "types": {"Cover":[{"name":"channelId","type":"bytes32"},{"name":"restitution","type":"uint256"},{"name":"price","type":"uint256"},{"name":"last","type":"uint64"},{"name":"deadline","type":"uint64"}]}
} as const;

export const computeMarketHotKey = {
  "primaryType": "HotKey",
  "types": {"HotKey":[{"name":"operator","type":"address"},{"name":"key","type":"address"},{"name":"kind","type":"uint8"}]}
} as const;

/** The domain of signatures that StorageDeals takes. */
export const storageDealsDomain = (chainId: number, verifyingContract: Address) =>
  ({ name: "Keifu Storage", version: "1", chainId, verifyingContract }) as const;

export const storageDealsAcceptance = {
  "primaryType": "Acceptance",
  "types": {"Acceptance":[{"name":"deal","type":"bytes32"},{"name":"index","type":"uint256"},{"name":"token","type":"address"},{"name":"price","type":"uint256"},{"name":"restitution","type":"uint256"},{"name":"end","type":"uint256"},{"name":"deadline","type":"uint256"}]}
} as const;
