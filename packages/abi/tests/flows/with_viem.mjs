// The few things that a flow needs, by viem.
import { createPublicClient, createWalletClient, hashTypedData, http, parseEventLogs } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { ContractFunctionRevertedError, encodeFunctionData } from "viem";

export function library(rpc) {
  const transport = http(rpc);
  const client = createPublicClient({ transport, pollingInterval: 20 });
  return {
    account: (key) => privateKeyToAccount(key).address,
    read: (contract, functionName, args) => client.readContract({ ...contract, functionName, args }),
    data: (contract, functionName, args) => encodeFunctionData({ abi: contract.abi, functionName, args }),
    hash: hashTypedData,
    sign: (key, typed) => privateKeyToAccount(key).signTypedData(typed),
    async write(key, contract, functionName, args) {
      const account = privateKeyToAccount(key);
      const wallet = createWalletClient({ account, chain: null, transport });
      const hash = await wallet.writeContract({ ...contract, functionName, args });
      const { logs } = await client.waitForTransactionReceipt({ hash });
      return parseEventLogs({ abi: contract.abi, logs });
    },
    async refusal(key, contract, functionName, args) {
      try {
        await client.simulateContract({ ...contract, functionName, args, account: privateKeyToAccount(key).address });
      } catch (error) {
        return error.walk((cause) => cause instanceof ContractFunctionRevertedError)?.reason;
      }
    },
  };
}
