// `make abi` writes this file from the compiled contracts.

export const drandRandomnessAbi = [
  {"name":"Captured","inputs":[{"name":"epoch","type":"uint256","indexed":true},{"name":"seed","type":"bytes32","indexed":false},{"name":"source","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"stateMutability":"nonpayable","type":"function","name":"capture","inputs":[{"name":"_epoch","type":"uint256"},{"name":"_signature","type":"uint256[2]"}],"outputs":[{"name":"","type":"bytes32"}]},
  {"stateMutability":"view","type":"function","name":"next","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"source","inputs":[{"name":"_epoch","type":"uint256"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"key","inputs":[],"outputs":[{"name":"","type":"uint256[4]"}]},
  {"stateMutability":"view","type":"function","name":"LOOKAHEAD","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"genesis","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"period","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"first","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"stride","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"seed","inputs":[{"name":"epoch","type":"uint256"}],"outputs":[{"name":"","type":"bytes32"}]},
  {"stateMutability":"nonpayable","type":"constructor","inputs":[{"name":"_key","type":"uint256[4]"},{"name":"_genesis","type":"uint256"},{"name":"_period","type":"uint256"},{"name":"_stride","type":"uint256"}],"outputs":[]}
] as const;

/** With an address, all that viem and wagmi want of a contract. */
export const drandRandomnessConfig = { name: "DrandRandomness", abi: drandRandomnessAbi } as const;
