// `make abi` writes this file from the compiled contracts.

export const proofValidatorAbi = [
  {"name":"FaultShown","inputs":[{"name":"request","type":"bytes32","indexed":true},{"name":"agent_id","type":"uint256","indexed":true},{"name":"case_id","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"stateMutability":"nonpayable","type":"function","name":"answer_clean","inputs":[{"name":"_agent_id","type":"uint256"},{"name":"_operator","type":"address"},{"name":"_salt","type":"bytes32"}],"outputs":[{"name":"","type":"bytes32"}]},
  {"stateMutability":"nonpayable","type":"function","name":"answer_fault","inputs":[{"name":"_agent_id","type":"uint256"},{"name":"_operator","type":"address"},{"name":"_salt","type":"bytes32"},{"name":"_case","type":"uint256"}],"outputs":[{"name":"","type":"bytes32"}]},
  {"stateMutability":"nonpayable","type":"function","name":"answer_audit","inputs":[{"name":"_agent_id","type":"uint256"},{"name":"_attester","type":"address"},{"name":"_schema","type":"bytes32"},{"name":"_record","type":"tuple","components":[{"name":"author","type":"address"},{"name":"kind","type":"uint8"},{"name":"digest","type":"bytes32"},{"name":"contentRoot","type":"bytes32"},{"name":"programRoot","type":"bytes32"},{"name":"manifest","type":"bytes32"},{"name":"uri","type":"string"},{"name":"licence","type":"string"},{"name":"version","type":"string"},{"name":"links","type":"tuple[]","components":[{"name":"relation","type":"uint8"},{"name":"parent","type":"bytes32"}]}]},{"name":"_salt","type":"bytes32"}],"outputs":[{"name":"","type":"uint8"}]},
  {"stateMutability":"view","type":"function","name":"fault_request","inputs":[{"name":"_agent_id","type":"uint256"},{"name":"_operator","type":"address"},{"name":"_salt","type":"bytes32"}],"outputs":[{"name":"","type":"bytes32"}]},
  {"stateMutability":"view","type":"function","name":"audit_request","inputs":[{"name":"_agent_id","type":"uint256"},{"name":"_attester","type":"address"},{"name":"_schema","type":"bytes32"},{"name":"_record","type":"bytes32"},{"name":"_salt","type":"bytes32"}],"outputs":[{"name":"","type":"bytes32"}]},
  {"stateMutability":"view","type":"function","name":"validation","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"identity","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"court","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"registry","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"is_faulty","inputs":[{"name":"request","type":"bytes32"}],"outputs":[{"name":"","type":"bool"}]},
  {"stateMutability":"nonpayable","type":"constructor","inputs":[{"name":"_validation","type":"address"},{"name":"_court","type":"address"},{"name":"_registry","type":"address"}],"outputs":[]}
] as const;

/** With an address, all that viem and wagmi want of a contract. */
export const proofValidatorConfig = { name: "ProofValidator", abi: proofValidatorAbi } as const;
