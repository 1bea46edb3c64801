// `make abi` writes this file from the compiled contracts.

export const commitRevealRandomnessAbi = [
  {"name":"Captured","inputs":[{"name":"epoch","type":"uint256","indexed":true},{"name":"seed","type":"bytes32","indexed":false},{"name":"source","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"stateMutability":"nonpayable","type":"function","name":"commit","inputs":[{"name":"_commitment","type":"bytes32"}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"reveal","inputs":[{"name":"_secret","type":"bytes32"}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"forfeit","inputs":[{"name":"_epoch","type":"uint256"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"nonpayable","type":"function","name":"name","inputs":[{"name":"_account","type":"address"},{"name":"_named","type":"bool"}],"outputs":[]},
  {"stateMutability":"view","type":"function","name":"next","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"seed","inputs":[{"name":"epoch","type":"uint256"}],"outputs":[{"name":"","type":"bytes32"}]},
  {"stateMutability":"view","type":"function","name":"epoch","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"MAX_SECRETS","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"NAMED_PLACES","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"token","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"owner","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"bond","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"sink","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"genesis","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"length","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"commitments","inputs":[{"name":"epoch","type":"uint256"},{"name":"participant","type":"address"}],"outputs":[{"name":"","type":"bytes32"}]},
  {"stateMutability":"view","type":"function","name":"named","inputs":[{"name":"account","type":"address"}],"outputs":[{"name":"","type":"bool"}]},
  {"stateMutability":"view","type":"function","name":"named_count","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"strangers","inputs":[{"name":"epoch","type":"uint256"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"named_reveals","inputs":[{"name":"epoch","type":"uint256"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"reveals","inputs":[{"name":"epoch","type":"uint256"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"missing","inputs":[{"name":"epoch","type":"uint256"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"nonpayable","type":"constructor","inputs":[{"name":"_token","type":"address"},{"name":"_owner","type":"address"},{"name":"_sink","type":"address"},{"name":"_bond","type":"uint256"},{"name":"_length","type":"uint256"}],"outputs":[]}
] as const;

/** With an address, all that viem and wagmi want of a contract. */
export const commitRevealRandomnessConfig = { name: "CommitRevealRandomness", abi: commitRevealRandomnessAbi } as const;
