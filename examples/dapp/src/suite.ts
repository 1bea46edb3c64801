// What the page knows: of this server the suite's addresses and where an account has something; of the chain, by the
// reader's own wallet, everything that counts.
import * as keifu from "@keifu/abi";
import { createPublicClient, createWalletClient, custom, defineChain, type Address, type Hex } from "viem";
import type { Coin } from "./amounts.js";
import type { Connected } from "./wallet.js";
import { Fault } from "./words.js";

export interface Line {
  readonly index: number;
  readonly account: Address;
  readonly total: string;
  readonly proof: readonly Hex[];
}

export interface Operator {
  readonly operator: Address;
  readonly metadata: string;
  readonly commission_bps: number;
}

/** Where an account has something. */
export interface Places {
  readonly escrows: readonly string[];
  readonly operators: readonly Address[];
  readonly tickets: readonly string[];
  readonly records: readonly Hex[];
}

const POLL_MS = 500;

/** An answer of this server. */
async function get<T>(path: string): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path);
  } catch {
    throw new Fault("This page's server does not answer.", "See whether the explorer still runs, then reload the page.");
  }
  if (!answer.ok) throw new Fault(`This page's server says ${answer.status} about ${path}.`, "Reload the page in a moment.");
  return (await answer.json()) as T;
}

export type Suite = Awaited<ReturnType<typeof suite>>;

/** The suite's contracts, each with its ABI. */
export async function suite() {
  const record = await get<keifu.DeploymentRecord>("suite.json");
  const chainId = record.chain_id;
  const addresses = keifu.addressesOf(record, chainId);
  const address = (name: keifu.ContractName): Address => {
    const found = addresses[name];
    if (!found) throw new Fault(`The suite on chain ${chainId} has no ${name}.`, "Ask who serves this page.");
    return found;
  };
  return {
    chainId,
    has: (name: keifu.ContractName) => name in addresses,
    token: { abi: keifu.keifuTokenAbi, address: address("KeifuToken") },
    hub: { abi: keifu.stakingHubAbi, address: address("StakingHub") },
    registry: { abi: keifu.provenanceRegistryAbi, address: address("ProvenanceRegistry") },
    distributor: () => ({ abi: keifu.tgeDistributorAbi, address: address("TGEDistributor") }) as const,
    escrow: () => ({ abi: keifu.vestingEscrowAbi, address: address("VestingEscrow") }) as const,
    operators: () => get<Operator[]>("operators.json"),
    places: (account: Address) => get<Places>(`account/${account}`),
    line: (account: Address) => get<{ grant: Line | null; published: boolean }>(`grant/${account}`),
  };
}

export type Clients = ReturnType<typeof clients>;

/** Both sides of the reader's wallet: what is read, and what is sent. */
export function clients({ wallet, account, chain }: Connected) {
  const native = { name: "Ether", symbol: "ETH", decimals: 18 };
  const shown = defineChain({ id: chain, name: `chain ${chain}`, nativeCurrency: native, rpcUrls: { default: { http: [] } } });
  const transport = custom(wallet.provider, { retryCount: 0 });
  return {
    account,
    reads: createPublicClient({ chain: shown, transport, pollingInterval: POLL_MS, cacheTime: 0 }),
    sends: createWalletClient({ chain: shown, transport, account }),
  };
}

export async function coinOf({ reads }: Clients, { token }: Suite): Promise<Coin> {
  const [symbol, decimals] = await Promise.all([
    reads.readContract({ ...token, functionName: "symbol" }),
    reads.readContract({ ...token, functionName: "decimals" }),
  ]);
  return { symbol, decimals: Number(decimals) };
}
