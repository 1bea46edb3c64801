// `make abi` writes this file from the compiled contracts.

export const insuranceAbi = [
  {"name":"RefundOpened","inputs":[{"name":"service","type":"address","indexed":true},{"name":"root","type":"bytes32","indexed":false},{"name":"amount","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"name":"Refunded","inputs":[{"name":"service","type":"address","indexed":true},{"name":"loser","type":"address","indexed":true},{"name":"receiver","type":"address","indexed":true},{"name":"amount","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"stateMutability":"nonpayable","type":"function","name":"open_refund","inputs":[{"name":"_service","type":"address"},{"name":"_root","type":"bytes32"},{"name":"_amount","type":"uint256"}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"claim","inputs":[{"name":"_service","type":"address"},{"name":"_amount","type":"uint256"},{"name":"_proof","type":"bytes32[]"},{"name":"_receiver","type":"address"},{"name":"_sub","type":"uint256"}],"outputs":[]},
  {"stateMutability":"view","type":"function","name":"refund","inputs":[{"name":"_service","type":"address"}],"outputs":[{"name":"","type":"tuple","components":[{"name":"root","type":"bytes32"},{"name":"left","type":"uint256"}]}]},
  {"stateMutability":"view","type":"function","name":"free","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"token","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"hub","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"owner","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"claimed","inputs":[{"name":"service","type":"address"},{"name":"loser","type":"address"}],"outputs":[{"name":"","type":"bool"}]},
  {"stateMutability":"nonpayable","type":"constructor","inputs":[{"name":"_token","type":"address"},{"name":"_hub","type":"address"},{"name":"_owner","type":"address"}],"outputs":[]}
] as const;

/** With an address, all that viem and wagmi want of a contract. */
export const insuranceConfig = { name: "Insurance", abi: insuranceAbi } as const;
