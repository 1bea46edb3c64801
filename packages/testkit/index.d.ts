import type { ContractName, DeploymentRecord } from "@keifu/abi";
import type { Abi, Address, Chain, HttpTransport, PrivateKeyAccount, PublicClient, TestClient, WalletClient } from "viem";

/** A chain that runs from a kit. */
export interface Kit {
  readonly url: string;
  readonly chain: Chain;
  /** The deployment record of the chain, and the addresses in it. */
  readonly record: DeploymentRecord;
  readonly addresses: Partial<Record<ContractName, Address>>;
  readonly publicClient: PublicClient<HttpTransport, Chain>;
  readonly testClient: TestClient<"anvil", HttpTransport, Chain>;
  /** A client that signs as a role: "holder", "author", "operator"; kit.json lists them. */
  walletClient(role: string): WalletClient<HttpTransport, Chain, PrivateKeyAccount>;
  account(role: string): PrivateKeyAccount;
  /** ABI and address of a contract of the suite, for viem: `kit.contract(stakingHubConfig)`. */
  contract<const abi extends Abi>(config: { readonly name: ContractName; readonly abi: abi }): { readonly abi: abi; readonly address: Address };
  /** What `TGEDistributor.claim` takes for a role that has a grant. */
  grant(role: string): readonly [index: bigint, account: Address, total: bigint, proof: readonly `0x${string}`[]];
  /** Let time pass at once. */
  warp(seconds: number): Promise<void>;
  /** What is done inside is not done afterwards. */
  undoing<T>(test: () => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

/** Run the chain of a kit. Its clock goes on from the moment of the kit, a second a block, so that tests repeat. */
export function startKit(folder: string, options?: { readonly anvil?: string }): Promise<Kit>;
