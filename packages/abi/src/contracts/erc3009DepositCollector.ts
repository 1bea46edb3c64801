// `make abi` writes this file from the compiled contracts.

export const erc3009DepositCollectorAbi = [
  {"stateMutability":"nonpayable","type":"function","name":"collect","inputs":[{"name":"payer","type":"address"},{"name":"token","type":"address"},{"name":"amount","type":"uint256"},{"name":"channelId","type":"bytes32"},{"name":"collectorData","type":"bytes"}],"outputs":[]},
  {"stateMutability":"view","type":"function","name":"channels","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"nonpayable","type":"constructor","inputs":[{"name":"_channels","type":"address"}],"outputs":[]}
] as const;

/** With an address, all that viem and wagmi want of a contract. */
export const erc3009DepositCollectorConfig = { name: "Erc3009DepositCollector", abi: erc3009DepositCollectorAbi } as const;
