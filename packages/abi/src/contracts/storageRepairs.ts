// `make abi` writes this file from the compiled contracts.

export const storageRepairsAbi = [
  {"name":"Paid","inputs":[{"name":"account","type":"address","indexed":true},{"name":"receiver","type":"address","indexed":true},{"name":"amount","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"name":"Proposed","inputs":[{"name":"deal","type":"bytes32","indexed":true},{"name":"index","type":"uint256","indexed":true},{"name":"by","type":"address","indexed":true},{"name":"to","type":"address","indexed":false}],"anonymous":false,"type":"event"},
  {"name":"TakenOver","inputs":[{"name":"deal","type":"bytes32","indexed":true},{"name":"index","type":"uint256","indexed":true},{"name":"provider","type":"address","indexed":true}],"anonymous":false,"type":"event"},
  {"name":"RepairReserved","inputs":[{"name":"deal","type":"bytes32","indexed":true},{"name":"index","type":"uint256","indexed":true},{"name":"repairer","type":"address","indexed":true},{"name":"bond","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"name":"RepairEnded","inputs":[{"name":"deal","type":"bytes32","indexed":true},{"name":"index","type":"uint256","indexed":true},{"name":"repairer","type":"address","indexed":true},{"name":"done","type":"bool","indexed":false}],"anonymous":false,"type":"event"},
  {"name":"Demanded","inputs":[{"name":"deal","type":"bytes32","indexed":true},{"name":"index","type":"uint256","indexed":true},{"name":"caller","type":"address","indexed":true},{"name":"leaf","type":"uint256","indexed":false},{"name":"until","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"name":"Answered","inputs":[{"name":"deal","type":"bytes32","indexed":true},{"name":"index","type":"uint256","indexed":true},{"name":"data","type":"bytes","indexed":false}],"anonymous":false,"type":"event"},
  {"name":"DemandEnded","inputs":[{"name":"deal","type":"bytes32","indexed":true},{"name":"index","type":"uint256","indexed":true},{"name":"lost","type":"bool","indexed":false}],"anonymous":false,"type":"event"},
  {"stateMutability":"view","type":"function","name":"credits","inputs":[{"name":"account","type":"address"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"nonpayable","type":"function","name":"pay","inputs":[{"name":"_account","type":"address"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"token","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"nonpayable","type":"function","name":"withdraw","inputs":[{"name":"_receiver","type":"address"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"nonpayable","type":"function","name":"propose","inputs":[{"name":"_deal","type":"bytes32"},{"name":"_index","type":"uint256"},{"name":"_to","type":"address"}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"accept_proposal","inputs":[{"name":"_deal","type":"bytes32"},{"name":"_index","type":"uint256"},{"name":"_named","type":"tuple","components":[{"name":"provider","type":"address"},{"name":"shard","type":"bytes32"},{"name":"leaves","type":"uint256"},{"name":"path","type":"uint256[]"}]}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"reserve_repair","inputs":[{"name":"_deal","type":"bytes32"},{"name":"_index","type":"uint256"}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"complete_repair","inputs":[{"name":"_deal","type":"bytes32"},{"name":"_index","type":"uint256"},{"name":"_named","type":"tuple","components":[{"name":"provider","type":"address"},{"name":"shard","type":"bytes32"},{"name":"leaves","type":"uint256"},{"name":"path","type":"uint256[]"}]},{"name":"_epoch","type":"uint256"},{"name":"_data","type":"bytes"},{"name":"_words","type":"uint256[]"}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"end_repair","inputs":[{"name":"_deal","type":"bytes32"},{"name":"_index","type":"uint256"}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"demand","inputs":[{"name":"_deal","type":"bytes32"},{"name":"_index","type":"uint256"},{"name":"_named","type":"tuple","components":[{"name":"provider","type":"address"},{"name":"shard","type":"bytes32"},{"name":"leaves","type":"uint256"},{"name":"path","type":"uint256[]"}]},{"name":"_leaf","type":"uint256"}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"answer","inputs":[{"name":"_deal","type":"bytes32"},{"name":"_index","type":"uint256"},{"name":"_named","type":"tuple","components":[{"name":"provider","type":"address"},{"name":"shard","type":"bytes32"},{"name":"leaves","type":"uint256"},{"name":"path","type":"uint256[]"}]},{"name":"_data","type":"bytes"},{"name":"_words","type":"uint256[]"}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"end_demand","inputs":[{"name":"_deal","type":"bytes32"},{"name":"_index","type":"uint256"}],"outputs":[]},
  {"stateMutability":"view","type":"function","name":"demand_of","inputs":[{"name":"_deal","type":"bytes32"},{"name":"_index","type":"uint256"}],"outputs":[{"name":"","type":"tuple","components":[{"name":"caller","type":"address"},{"name":"provider","type":"address"},{"name":"leaf","type":"uint256"},{"name":"until","type":"uint256"}]}]},
  {"stateMutability":"view","type":"function","name":"repair_of","inputs":[{"name":"_deal","type":"bytes32"},{"name":"_index","type":"uint256"}],"outputs":[{"name":"","type":"tuple","components":[{"name":"repairer","type":"address"},{"name":"epoch","type":"uint256"},{"name":"bond","type":"uint256"}]}]},
  {"stateMutability":"view","type":"function","name":"proposal_of","inputs":[{"name":"_deal","type":"bytes32"},{"name":"_index","type":"uint256"}],"outputs":[{"name":"","type":"tuple","components":[{"name":"by","type":"address"},{"name":"to","type":"address"}]}]},
  {"stateMutability":"view","type":"function","name":"deals","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"market","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"window","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"demand_fee","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"demanded","inputs":[{"name":"provider","type":"address"},{"name":"epoch","type":"uint256"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"nonpayable","type":"constructor","inputs":[{"name":"_deals","type":"address"},{"name":"_demand_fee","type":"uint256"}],"outputs":[]}
] as const;

/** With an address, all that viem and wagmi want of a contract. */
export const storageRepairsConfig = { name: "StorageRepairs", abi: storageRepairsAbi } as const;
