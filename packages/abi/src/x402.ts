import type { Address, Bytes32 } from "./address.js";
import { channelsChannelConfig, channelsDomain, channelsVoucher } from "./messages.js";

/** What is fixed when a channel opens. The delay is in seconds; a zero authorizer means the payer itself. */
export interface ChannelConfig {
  readonly payer: Address;
  readonly payerAuthorizer: Address;
  readonly receiver: Address;
  readonly receiverAuthorizer: Address;
  readonly token: Address;
  readonly withdrawDelay: number;
  readonly salt: Bytes32;
}

/** Header names and the scheme of x402, version 2, "batch-settlement". */
export const x402 = {
  scheme: "batch-settlement",
  version: 2,
  required: "PAYMENT-REQUIRED",
  signature: "PAYMENT-SIGNATURE",
  response: "PAYMENT-RESPONSE",
} as const;

/** Its EIP-712 hash is the channel's id: `hashTypedData` of viem, `TypedDataEncoder.hash` of ethers. */
export const channelTypedData = (chainId: number, channels: Address, config: ChannelConfig) =>
  ({ domain: channelsDomain(chainId, channels), ...channelsChannelConfig, message: config }) as const;

/** What the payer's authorizer signs so that up to `most`, in the token's smallest unit, may be claimed in all. */
export const voucherTypedData = (chainId: number, channels: Address, channelId: Bytes32, most: bigint) =>
  ({
    domain: channelsDomain(chainId, channels),
    ...channelsVoucher,
    message: { channelId, maxClaimableAmount: most },
  }) as const;

/** One way to pay, as a server asks for it. */
export interface Requirements {
  readonly scheme: string;
  readonly network: string;
  readonly asset: Address;
  readonly amount: string;
  readonly payTo: Address;
  readonly maxTimeoutSeconds: number;
  readonly extra: Readonly<Record<string, unknown>>;
}

const LARGEST_HEADER = 16_384;

/** The ways to pay in a PAYMENT-REQUIRED header that this scheme knows. Throws for a header that has another form. */
export function requirementsOf(header: string): Requirements[] {
  if (header.length > LARGEST_HEADER) throw new Error("PAYMENT-REQUIRED is longer than 16,384 characters");
  const read: unknown = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(header), (char) => char.charCodeAt(0))));
  const accepts = (read as { accepts?: unknown } | null)?.accepts;
  if (!Array.isArray(accepts)) throw new Error("PAYMENT-REQUIRED has no list of ways to pay");
  return accepts.filter((item: Requirements) => item.scheme === x402.scheme);
}

/** The PAYMENT-SIGNATURE header that pays by a voucher in an open channel. */
export function paymentHeader(
  accepted: Requirements,
  config: ChannelConfig,
  voucher: { channelId: Bytes32; most: bigint; signature: `0x${string}` },
): string {
  const payload = {
    x402Version: x402.version,
    accepted,
    payload: {
      type: "voucher",
      channelConfig: config,
      voucher: {
        channelId: voucher.channelId,
        maxClaimableAmount: voucher.most.toString(),
        signature: voucher.signature,
      },
    },
  };
  return btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(payload))));
}
