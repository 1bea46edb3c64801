"""Which contract takes a signature over which struct, under which name and version (EIP-712).

    row = next(row for row in MESSAGES if row.contract == "Channels")
    Domain(row.name, row.version, chain_id, channels).sign(payer, VOUCHER, channel_id, amount)

`eip712Domain()` of each deployed contract says the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from ethwire.eip712 import StructType
from keifu.abi import eip712 as structs

__all__ = ["MESSAGES", "Messages"]


@dataclass(frozen=True)
class Messages:
    """What one contract verifies signatures of; a struct within another one is not named again."""

    contract: str
    name: str
    version: str
    structs: tuple[StructType, ...]


MESSAGES = (
    Messages(
        "KeifuToken",
        "Keifu",
        "1",
        (
            structs.PERMIT,
            structs.TRANSFER_WITH_AUTHORIZATION,
            structs.RECEIVE_WITH_AUTHORIZATION,
            structs.CANCEL_AUTHORIZATION,
        ),
    ),
    Messages("TGEDistributor", "Keifu TGE", "1", (structs.CLAIM_AND_STAKE,)),
    Messages(
        "ProvenanceRegistry",
        "Keifu Provenance",
        "1",
        (structs.REGISTER, structs.ATTEST, structs.LABEL),
    ),
    Messages("Environments", "Keifu Environments", "1", (structs.HEARTBEAT,)),
    Messages("HeartbeatService", "Keifu Heartbeats", "1", (structs.HOT_KEY,)),
    Messages("RecordProof", "Keifu RecordProof", "1", (structs.BLOCK_HEADER, structs.HOT_KEY)),
    Messages(
        "AgentAccount",
        "Keifu AgentAccount",
        "1",
        (structs.BATCH, structs.SESSION_CALL, structs.ACCOUNT_STATEMENT),
    ),
    Messages("AgentIdentity", "ERC8004IdentityRegistry", "1", (structs.AGENT_WALLET,)),
    Messages("DataVerifier", "Keifu DataVerifier", "1", (structs.STATEMENT, structs.ACCESS)),
    Messages("AgentMarket", "Keifu AgentMarket", "1", (structs.ORDER,)),
    Messages(
        "Channels",
        "x402 Batch Settlement",
        "1",
        (structs.CHANNEL_CONFIG, structs.VOUCHER, structs.REFUND, structs.CLAIM_BATCH),
    ),
    Messages(
        "ComputeMarket", "Keifu Compute", "1", (structs.RECEIPT, structs.RECEIPT_BATCH, structs.COVER, structs.HOT_KEY)
    ),
    Messages("StorageDeals", "Keifu Storage", "1", (structs.ACCEPTANCE,)),
)
