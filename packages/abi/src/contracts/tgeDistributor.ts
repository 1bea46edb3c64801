// `make abi` writes this file from the compiled contracts.

export const tgeDistributorAbi = [
  {"name":"Claimed","inputs":[{"name":"index","type":"uint256","indexed":true},{"name":"account","type":"address","indexed":true},{"name":"amount","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"name":"Swept","inputs":[{"name":"to","type":"address","indexed":true},{"name":"amount","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"stateMutability":"view","type":"function","name":"eip712Domain","inputs":[],"outputs":[{"name":"fields","type":"bytes1"},{"name":"name","type":"string"},{"name":"version","type":"string"},{"name":"chainId","type":"uint256"},{"name":"verifyingContract","type":"address"},{"name":"salt","type":"bytes32"},{"name":"extensions","type":"uint256[]"}]},
  {"stateMutability":"nonpayable","type":"function","name":"claim","inputs":[{"name":"_index","type":"uint256"},{"name":"_account","type":"address"},{"name":"_total","type":"uint256"},{"name":"_proof","type":"bytes32[]"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"nonpayable","type":"function","name":"claim_many","inputs":[{"name":"_grants","type":"tuple[]","components":[{"name":"index","type":"uint256"},{"name":"account","type":"address"},{"name":"total","type":"uint256"},{"name":"proof","type":"bytes32[]"}]}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"nonpayable","type":"function","name":"claim_and_stake_for","inputs":[{"name":"_index","type":"uint256"},{"name":"_account","type":"address"},{"name":"_total","type":"uint256"},{"name":"_proof","type":"bytes32[]"},{"name":"_operator","type":"address"},{"name":"_amount","type":"uint256"},{"name":"_min_shares","type":"uint256"},{"name":"_deadline","type":"uint256"},{"name":"_signature","type":"bytes"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"nonpayable","type":"function","name":"claim_and_stake","inputs":[{"name":"_index","type":"uint256"},{"name":"_total","type":"uint256"},{"name":"_proof","type":"bytes32[]"},{"name":"_operator","type":"address"},{"name":"_amount","type":"uint256"},{"name":"_min_shares","type":"uint256"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"nonpayable","type":"function","name":"sweep","inputs":[{"name":"_to","type":"address"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"vested","inputs":[{"name":"_total","type":"uint256"},{"name":"_at","type":"uint256"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"claimable","inputs":[{"name":"_index","type":"uint256"},{"name":"_account","type":"address"},{"name":"_total","type":"uint256"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"paid","inputs":[{"name":"_index","type":"uint256"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"verify","inputs":[{"name":"_index","type":"uint256"},{"name":"_account","type":"address"},{"name":"_total","type":"uint256"},{"name":"_proof","type":"bytes32[]"}],"outputs":[{"name":"","type":"bool"}]},
  {"stateMutability":"view","type":"function","name":"CLAIM_AND_STAKE_TYPEHASH","inputs":[],"outputs":[{"name":"","type":"bytes32"}]},
  {"stateMutability":"view","type":"function","name":"token","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"hub","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"owner","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"root","inputs":[],"outputs":[{"name":"","type":"bytes32"}]},
  {"stateMutability":"view","type":"function","name":"allocation","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"start","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"step","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"steps","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"sweep_after","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"nonces","inputs":[{"name":"owner","type":"address"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"nonpayable","type":"constructor","inputs":[{"name":"_token","type":"address"},{"name":"_hub","type":"address"},{"name":"_root","type":"bytes32"},{"name":"_allocation","type":"uint256"},{"name":"_start","type":"uint256"},{"name":"_step","type":"uint256"},{"name":"_steps","type":"uint256"},{"name":"_sweep_after","type":"uint256"},{"name":"_owner","type":"address"}],"outputs":[]}
] as const;

/** With an address, all that viem and wagmi want of a contract. */
export const tgeDistributorConfig = { name: "TGEDistributor", abi: tgeDistributorAbi } as const;
