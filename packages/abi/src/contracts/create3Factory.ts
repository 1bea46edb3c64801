// `make abi` writes this file from the compiled contracts.

export const create3FactoryAbi = [
  {"name":"Deployed","inputs":[{"name":"deployer","type":"address","indexed":true},{"name":"salt","type":"bytes32","indexed":true},{"name":"deployed","type":"address","indexed":true}],"anonymous":false,"type":"event"},
  {"stateMutability":"payable","type":"function","name":"deploy","inputs":[{"name":"_salt","type":"bytes32"},{"name":"_init_code","type":"bytes"}],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"address_of","inputs":[{"name":"_deployer","type":"address"},{"name":"_salt","type":"bytes32"}],"outputs":[{"name":"","type":"address"}]}
] as const;

/** With an address, all that viem and wagmi want of a contract. */
export const create3FactoryConfig = { name: "Create3Factory", abi: create3FactoryAbi } as const;
