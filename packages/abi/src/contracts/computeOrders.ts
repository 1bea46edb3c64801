// `make abi` writes this file from the compiled contracts.

export const computeOrdersAbi = [
  {"name":"Paid","inputs":[{"name":"account","type":"address","indexed":true},{"name":"receiver","type":"address","indexed":true},{"name":"amount","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"name":"Placed","inputs":[{"name":"order","type":"uint256","indexed":true},{"name":"client","type":"address","indexed":true},{"name":"provider","type":"address","indexed":true},{"name":"environment","type":"bytes32","indexed":false},{"name":"requests","type":"bytes32","indexed":false},{"name":"count","type":"uint256","indexed":false},{"name":"fee","type":"uint256","indexed":false},{"name":"deadline","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"name":"Refunded","inputs":[{"name":"order","type":"uint256","indexed":true},{"name":"client","type":"address","indexed":true},{"name":"amount","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"name":"Demanded","inputs":[{"name":"order","type":"uint256","indexed":true},{"name":"index","type":"uint256","indexed":false},{"name":"deadline","type":"uint256","indexed":false},{"name":"request","type":"bytes","indexed":false}],"anonymous":false,"type":"event"},
  {"name":"Accepted","inputs":[{"name":"order","type":"uint256","indexed":true}],"anonymous":false,"type":"event"},
  {"name":"Submitted","inputs":[{"name":"order","type":"uint256","indexed":true},{"name":"results","type":"bytes32","indexed":false},{"name":"signature","type":"bytes","indexed":false},{"name":"until","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"name":"Answered","inputs":[{"name":"order","type":"uint256","indexed":true},{"name":"index","type":"uint256","indexed":false},{"name":"response","type":"bytes","indexed":false}],"anonymous":false,"type":"event"},
  {"name":"Completed","inputs":[{"name":"order","type":"uint256","indexed":true},{"name":"provider","type":"address","indexed":true},{"name":"amount","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"stateMutability":"view","type":"function","name":"credits","inputs":[{"name":"account","type":"address"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"nonpayable","type":"function","name":"pay","inputs":[{"name":"_account","type":"address"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"token","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"nonpayable","type":"function","name":"withdraw","inputs":[{"name":"_receiver","type":"address"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"nonpayable","type":"function","name":"place","inputs":[{"name":"_provider","type":"address"},{"name":"_environment","type":"bytes32"},{"name":"_requests","type":"bytes32"},{"name":"_count","type":"uint256"},{"name":"_fee","type":"uint256"},{"name":"_deadline","type":"uint256"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"nonpayable","type":"function","name":"cancel","inputs":[{"name":"_order","type":"uint256"}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"demand","inputs":[{"name":"_order","type":"uint256"},{"name":"_index","type":"uint256"},{"name":"_request","type":"bytes"},{"name":"_proof","type":"bytes32[]"}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"accept","inputs":[{"name":"_order","type":"uint256"}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"submit","inputs":[{"name":"_order","type":"uint256"},{"name":"_results","type":"bytes32"},{"name":"_signature","type":"bytes"}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"answer","inputs":[{"name":"_order","type":"uint256"},{"name":"_index","type":"uint256"},{"name":"_response","type":"bytes"},{"name":"_receipt","type":"tuple","components":[{"name":"channelId","type":"bytes32"},{"name":"number","type":"uint64"},{"name":"environment","type":"bytes32"},{"name":"promotionSeq","type":"uint64"},{"name":"digest","type":"bytes32"},{"name":"requestHash","type":"bytes32"},{"name":"responseHash","type":"bytes32"},{"name":"inputRoot","type":"bytes32"},{"name":"outputRoot","type":"bytes32"},{"name":"traceRoot","type":"bytes32"},{"name":"inputUnits","type":"uint64"},{"name":"outputUnits","type":"uint64"},{"name":"fee","type":"uint128"},{"name":"charged","type":"uint128"},{"name":"evidence","type":"uint8"},{"name":"time","type":"uint64"}]},{"name":"_proof","type":"bytes32[]"}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"close","inputs":[{"name":"_order","type":"uint256"},{"name":"_index","type":"uint256"}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"complete","inputs":[{"name":"_order","type":"uint256"}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"refund","inputs":[{"name":"_order","type":"uint256"}],"outputs":[]},
  {"stateMutability":"view","type":"function","name":"order_of","inputs":[{"name":"_order","type":"uint256"}],"outputs":[{"name":"","type":"tuple","components":[{"name":"client","type":"address"},{"name":"provider","type":"address"},{"name":"environment","type":"bytes32"},{"name":"requests","type":"bytes32"},{"name":"count","type":"uint256"},{"name":"fee","type":"uint256"},{"name":"deadline","type":"uint256"},{"name":"accepted","type":"uint256"},{"name":"results","type":"bytes32"},{"name":"until","type":"uint256"},{"name":"demands","type":"uint256"},{"name":"open","type":"uint256"},{"name":"over","type":"bool"}]}]},
  {"stateMutability":"view","type":"function","name":"demand_of","inputs":[{"name":"_order","type":"uint256"},{"name":"_index","type":"uint256"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"channel_of","inputs":[{"name":"_order","type":"uint256"}],"outputs":[{"name":"","type":"bytes32"}]},
  {"stateMutability":"view","type":"function","name":"market","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"hub","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"environments","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"answer_window","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"bond","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"order_count","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"nonpayable","type":"constructor","inputs":[{"name":"_market","type":"address"},{"name":"_answer_window","type":"uint256"},{"name":"_bond","type":"uint256"}],"outputs":[]}
] as const;

/** With an address, all that viem and wagmi want of a contract. */
export const computeOrdersConfig = { name: "ComputeOrders", abi: computeOrdersAbi } as const;
