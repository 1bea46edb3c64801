// `make abi` writes this file from the compiled contracts.

export const accountRegistryAbi = [
  {"name":"ERC6551AccountCreated","inputs":[{"name":"account","type":"address","indexed":false},{"name":"implementation","type":"address","indexed":true},{"name":"salt","type":"bytes32","indexed":false},{"name":"chainId","type":"uint256","indexed":false},{"name":"tokenContract","type":"address","indexed":true},{"name":"tokenId","type":"uint256","indexed":true}],"anonymous":false,"type":"event"},
  {"stateMutability":"nonpayable","type":"function","name":"createAccount","inputs":[{"name":"_implementation","type":"address"},{"name":"_salt","type":"bytes32"},{"name":"_chain_id","type":"uint256"},{"name":"_token_contract","type":"address"},{"name":"_token_id","type":"uint256"}],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"account","inputs":[{"name":"_implementation","type":"address"},{"name":"_salt","type":"bytes32"},{"name":"_chain_id","type":"uint256"},{"name":"_token_contract","type":"address"},{"name":"_token_id","type":"uint256"}],"outputs":[{"name":"","type":"address"}]}
] as const;

/** With an address, all that viem and wagmi want of a contract. */
export const accountRegistryConfig = { name: "AccountRegistry", abi: accountRegistryAbi } as const;
