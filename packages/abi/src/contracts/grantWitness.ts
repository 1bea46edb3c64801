// `make abi` writes this file from the compiled contracts.

export const grantWitnessAbi = [
  {"name":"StakeCounted","inputs":[{"name":"operator","type":"address","indexed":true},{"name":"amount","type":"uint256","indexed":false},{"name":"total","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"name":"Traced","inputs":[{"name":"evidence","type":"bytes32","indexed":true},{"name":"parent","type":"bytes32","indexed":true},{"name":"status","type":"uint8","indexed":false}],"anonymous":false,"type":"event"},
  {"stateMutability":"nonpayable","type":"function","name":"count","inputs":[{"name":"_operator","type":"address"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"nonpayable","type":"function","name":"count_many","inputs":[{"name":"_operators","type":"address[]"}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"trace","inputs":[{"name":"_evidence","type":"bytes32"},{"name":"_path","type":"tuple[]","components":[{"name":"author","type":"address"},{"name":"kind","type":"uint8"},{"name":"digest","type":"bytes32"},{"name":"contentRoot","type":"bytes32"},{"name":"programRoot","type":"bytes32"},{"name":"manifest","type":"bytes32"},{"name":"uri","type":"string"},{"name":"licence","type":"string"},{"name":"version","type":"string"},{"name":"links","type":"tuple[]","components":[{"name":"relation","type":"uint8"},{"name":"parent","type":"bytes32"}]}]}],"outputs":[]},
  {"stateMutability":"view","type":"function","name":"is_withdrawn","inputs":[{"name":"_evidence","type":"bytes32"}],"outputs":[{"name":"","type":"bool"}]},
  {"stateMutability":"view","type":"function","name":"hub","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"registry","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"total_counted","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"counted","inputs":[{"name":"operator","type":"address"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"made_from","inputs":[{"name":"evidence","type":"bytes32"},{"name":"record","type":"bytes32"}],"outputs":[{"name":"","type":"bool"}]},
  {"stateMutability":"nonpayable","type":"constructor","inputs":[{"name":"_hub","type":"address"},{"name":"_registry","type":"address"}],"outputs":[]}
] as const;

/** With an address, all that viem and wagmi want of a contract. */
export const grantWitnessConfig = { name: "GrantWitness", abi: grantWitnessAbi } as const;
