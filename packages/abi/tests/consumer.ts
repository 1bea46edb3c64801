// Compiled, never run: what a dApp sees of the types.
import {
  addressesOf,
  channelTypedData,
  events,
  keifuTokenPermit,
  reasons,
  stakingHubAbi,
  stakingHubConfig,
  voucherTypedData,
  type ContractName,
} from "@keifu/abi";
import { createPublicClient, http, type ContractFunctionReturnType, type Log, parseEventLogs } from "viem";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <T extends true>(): T | undefined => undefined;

// A result has the type that the contract gives, by name.
holds<Same<ContractFunctionReturnType<typeof stakingHubAbi, "view", "token">, `0x${string}`>>();

export async function read(rpc: string, hub: `0x${string}`): Promise<bigint> {
  const client = createPublicClient({ transport: http(rpc) });
  // @ts-expect-error there is no such function
  await client.readContract({ ...stakingHubConfig, address: hub, functionName: "no_such_function" });
  return client.readContract({ ...stakingHubConfig, address: hub, functionName: "epoch" });
}

export function staked(logs: Log[]): bigint[] {
  return parseEventLogs({ abi: stakingHubAbi, logs, eventName: "Staked" }).map((log) => log.args.shares);
}

const name: ContractName = "StakingHub";
// @ts-expect-error no contract of the suite
const other: ContractName = "Bank";
export const said = [name, other, addressesOf({ chain_id: 1, contracts: {} }, 1).Channels, channelTypedData];

const voucher = voucherTypedData(1, "0x00", "0x00", 5n);
holds<Same<(typeof voucher)["primaryType"], "Voucher">>();
holds<Same<(typeof keifuTokenPermit)["types"]["Permit"][0]["type"], "address">>();
export const known = [Object.keys(reasons).length, Object.keys(events).length];
