// `make abi` writes this file from the compiled contracts.

export const randomnessAbi = [
  {"name":"Captured","inputs":[{"name":"epoch","type":"uint256","indexed":true},{"name":"seed","type":"bytes32","indexed":false},{"name":"source","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"stateMutability":"nonpayable","type":"function","name":"capture","inputs":[{"name":"_epoch","type":"uint256"},{"name":"_header","type":"bytes"}],"outputs":[{"name":"","type":"bytes32"}]},
  {"stateMutability":"payable","type":"function","name":"fund_tips","inputs":[],"outputs":[]},
  {"stateMutability":"view","type":"function","name":"next","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"source","inputs":[{"name":"_epoch","type":"uint256"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"LOOKAHEAD","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"first","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"stride","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"tip","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"seed","inputs":[{"name":"epoch","type":"uint256"}],"outputs":[{"name":"","type":"bytes32"}]},
  {"stateMutability":"payable","type":"constructor","inputs":[{"name":"_stride","type":"uint256"},{"name":"_tip","type":"uint256"}],"outputs":[]}
] as const;

/** With an address, all that viem and wagmi want of a contract. */
export const randomnessConfig = { name: "Randomness", abi: randomnessAbi } as const;
