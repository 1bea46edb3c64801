// `make abi` writes this file from the compiled contracts.

export const storageEndowmentAbi = [
  {"name":"Founded","inputs":[{"name":"endowment","type":"address","indexed":true},{"name":"founder","type":"address","indexed":true},{"name":"heir","type":"address","indexed":true}],"anonymous":false,"type":"event"},
  {"name":"TermOpened","inputs":[{"name":"number","type":"uint256","indexed":true},{"name":"deal","type":"bytes32","indexed":true},{"name":"opener","type":"address","indexed":true},{"name":"price","type":"uint256","indexed":false},{"name":"end","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"name":"StandIn","inputs":[{"name":"deal","type":"bytes32","indexed":true},{"name":"index","type":"uint256","indexed":true},{"name":"provider","type":"address","indexed":true}],"anonymous":false,"type":"event"},
  {"name":"WoundUp","inputs":[{"name":"heir","type":"address","indexed":true},{"name":"amount","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"stateMutability":"nonpayable","type":"function","name":"found","inputs":[{"name":"_plan","type":"tuple","components":[{"name":"heir","type":"address"},{"name":"price","type":"uint256"},{"name":"restitution","type":"uint256"},{"name":"fall","type":"uint256"},{"name":"term","type":"uint256"},{"name":"reward","type":"uint256"},{"name":"masked","type":"bool"}]},{"name":"_pieces","type":"tuple[]","components":[{"name":"provider","type":"address"},{"name":"shard","type":"bytes32"},{"name":"leaves","type":"uint256"}]},{"name":"_amount","type":"uint256"},{"name":"_salt","type":"bytes32"}],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"nonpayable","type":"function","name":"begin","inputs":[{"name":"_plan","type":"tuple","components":[{"name":"heir","type":"address"},{"name":"price","type":"uint256"},{"name":"restitution","type":"uint256"},{"name":"fall","type":"uint256"},{"name":"term","type":"uint256"},{"name":"reward","type":"uint256"},{"name":"masked","type":"bool"}]},{"name":"_pieces","type":"tuple[]","components":[{"name":"provider","type":"address"},{"name":"shard","type":"bytes32"},{"name":"leaves","type":"uint256"}]}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"open_term","inputs":[{"name":"_pieces","type":"tuple[]","components":[{"name":"provider","type":"address"},{"name":"shard","type":"bytes32"},{"name":"leaves","type":"uint256"}]}],"outputs":[{"name":"","type":"bytes32"}]},
  {"stateMutability":"nonpayable","type":"function","name":"stand_in","inputs":[{"name":"_index","type":"uint256"}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"wind_up","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"lasts","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"endowment_of","inputs":[{"name":"_founder","type":"address"},{"name":"_salt","type":"bytes32"}],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"LEAD","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"ACCEPT","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"REST","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"deals","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"market","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"repairs","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"token","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"home","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"plan","inputs":[],"outputs":[{"name":"","type":"tuple","components":[{"name":"heir","type":"address"},{"name":"price","type":"uint256"},{"name":"restitution","type":"uint256"},{"name":"fall","type":"uint256"},{"name":"term","type":"uint256"},{"name":"reward","type":"uint256"},{"name":"masked","type":"bool"}]}]},
  {"stateMutability":"view","type":"function","name":"state","inputs":[],"outputs":[{"name":"","type":"tuple","components":[{"name":"number","type":"uint256"},{"name":"deal","type":"bytes32"},{"name":"until","type":"uint256"},{"name":"shards","type":"uint256"},{"name":"data","type":"bytes32"}]}]},
  {"stateMutability":"nonpayable","type":"constructor","inputs":[{"name":"_deals","type":"address"}],"outputs":[]}
] as const;

/** With an address, all that viem and wagmi want of a contract. */
export const storageEndowmentConfig = { name: "StorageEndowment", abi: storageEndowmentAbi } as const;
