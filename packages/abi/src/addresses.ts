import type { Address } from "./address.js";
import type * as contracts from "./contracts/index.js";

type Configs = { [K in keyof typeof contracts as K extends `${string}Config` ? K : never]: (typeof contracts)[K] };

/** The name of a contract of the suite, as a deployment record spells it. */
export type ContractName = Configs[keyof Configs]["name"];

/** What of a deployment record (`deployments/<chain id>.json`) is read here. */
export interface DeploymentRecord {
  readonly chain_id: number;
  readonly contracts: Readonly<Record<string, { readonly address: string }>>;
}

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

/**
 * Addresses of a suite by contract name, from the record that its deployer publishes.
 *
 * Throws when the record is of another chain than the one that is asked for, or has no address where one belongs.
 */
export function addressesOf(record: DeploymentRecord, chainId: number): Partial<Record<ContractName, Address>> {
  if (record.chain_id !== chainId) {
    throw new Error(`the deployment record is of chain ${record.chain_id}, not ${chainId}: take the other chain's record`);
  }
  const found: Record<string, Address> = {};
  for (const [name, { address }] of Object.entries(record.contracts)) {
    if (!ADDRESS.test(address)) throw new Error(`the deployment record has no address for ${name}: ${address}`);
    found[name] = address as Address;
  }
  return found;
}
