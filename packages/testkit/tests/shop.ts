// Compiled, never run: the types that a dApp team sees.
import { tgeDistributorConfig } from "@keifu/abi";
import { startKit } from "@keifu/testkit";

export async function paid(folder: string): Promise<bigint> {
  const kit = await startKit(folder);
  const distributor = kit.contract(tgeDistributorConfig);
  // @ts-expect-error there is no such function
  await kit.publicClient.readContract({ ...distributor, functionName: "no_such_function" });
  const [index, , total] = kit.grant("holder");
  await kit.walletClient("holder").writeContract({ ...distributor, functionName: "claim", args: kit.grant("holder") });
  return (await kit.publicClient.readContract({ ...distributor, functionName: "paid", args: [index] })) - total;
}
