// `make abi` writes this file from the compiled contracts.

export const agentValidationAbi = [
  {"name":"ValidationRequest","inputs":[{"name":"validatorAddress","type":"address","indexed":true},{"name":"agentId","type":"uint256","indexed":true},{"name":"requestURI","type":"string","indexed":false},{"name":"requestHash","type":"bytes32","indexed":true}],"anonymous":false,"type":"event"},
  {"name":"ValidationResponse","inputs":[{"name":"validatorAddress","type":"address","indexed":true},{"name":"agentId","type":"uint256","indexed":true},{"name":"requestHash","type":"bytes32","indexed":true},{"name":"response","type":"uint8","indexed":false},{"name":"responseURI","type":"string","indexed":false},{"name":"responseHash","type":"bytes32","indexed":false},{"name":"tag","type":"string","indexed":false}],"anonymous":false,"type":"event"},
  {"stateMutability":"pure","type":"function","name":"getVersion","inputs":[],"outputs":[{"name":"","type":"string"}]},
  {"stateMutability":"nonpayable","type":"function","name":"validationRequest","inputs":[{"name":"_validatorAddress","type":"address"},{"name":"_agentId","type":"uint256"},{"name":"_requestURI","type":"string"},{"name":"_requestHash","type":"bytes32"}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"validationResponse","inputs":[{"name":"_requestHash","type":"bytes32"},{"name":"_response","type":"uint8"},{"name":"_responseURI","type":"string"},{"name":"_responseHash","type":"bytes32"},{"name":"_tag","type":"string"}],"outputs":[]},
  {"stateMutability":"view","type":"function","name":"getIdentityRegistry","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"getValidationStatus","inputs":[{"name":"_requestHash","type":"bytes32"}],"outputs":[{"name":"validatorAddress","type":"address"},{"name":"agentId","type":"uint256"},{"name":"response","type":"uint8"},{"name":"responseHash","type":"bytes32"},{"name":"tag","type":"string"},{"name":"lastUpdate","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"getSummary","inputs":[{"name":"_agentId","type":"uint256"},{"name":"_validatorAddresses","type":"address[]"},{"name":"_tag","type":"string"}],"outputs":[{"name":"count","type":"uint64"},{"name":"avgResponse","type":"uint8"}]},
  {"stateMutability":"view","type":"function","name":"getAgentValidations","inputs":[{"name":"_agentId","type":"uint256"}],"outputs":[{"name":"","type":"bytes32[]"}]},
  {"stateMutability":"view","type":"function","name":"getValidatorRequests","inputs":[{"name":"_validatorAddress","type":"address"}],"outputs":[{"name":"","type":"bytes32[]"}]},
  {"stateMutability":"view","type":"function","name":"requests_from","inputs":[{"name":"_agent_id","type":"uint256"},{"name":"_start","type":"uint256"}],"outputs":[{"name":"","type":"bytes32[]"}]},
  {"stateMutability":"view","type":"function","name":"requests_to","inputs":[{"name":"_validator","type":"address"},{"name":"_start","type":"uint256"}],"outputs":[{"name":"","type":"bytes32[]"}]},
  {"stateMutability":"nonpayable","type":"constructor","inputs":[{"name":"_identity","type":"address"}],"outputs":[]}
] as const;

/** With an address, all that viem and wagmi want of a contract. */
export const agentValidationConfig = { name: "AgentValidation", abi: agentValidationAbi } as const;
