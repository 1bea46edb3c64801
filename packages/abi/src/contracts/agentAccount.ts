// `make abi` writes this file from the compiled contracts.

export const agentAccountAbi = [
  {"name":"SessionGranted","inputs":[{"name":"key","type":"address","indexed":true},{"name":"number","type":"uint256","indexed":false},{"name":"valid_after","type":"uint256","indexed":false},{"name":"valid_until","type":"uint256","indexed":false},{"name":"uses","type":"uint256","indexed":false},{"name":"period","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"name":"SessionRevoked","inputs":[{"name":"key","type":"address","indexed":true}],"anonymous":false,"type":"event"},
  {"name":"IntentExecuted","inputs":[{"name":"owner","type":"address","indexed":true},{"name":"nonce","type":"uint256","indexed":false},{"name":"calls","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"name":"SessionUsed","inputs":[{"name":"key","type":"address","indexed":true},{"name":"to","type":"address","indexed":true},{"name":"value","type":"uint256","indexed":false},{"name":"selector","type":"bytes4","indexed":false}],"anonymous":false,"type":"event"},
  {"stateMutability":"view","type":"function","name":"eip712Domain","inputs":[],"outputs":[{"name":"fields","type":"bytes1"},{"name":"name","type":"string"},{"name":"version","type":"string"},{"name":"chainId","type":"uint256"},{"name":"verifyingContract","type":"address"},{"name":"salt","type":"bytes32"},{"name":"extensions","type":"uint256[]"}]},
  {"stateMutability":"view","type":"function","name":"onERC721Received","inputs":[{"name":"_operator","type":"address"},{"name":"_from","type":"address"},{"name":"_id","type":"uint256"},{"name":"_note","type":"bytes"}],"outputs":[{"name":"","type":"bytes4"}]},
  {"stateMutability":"pure","type":"function","name":"onERC1155Received","inputs":[{"name":"_operator","type":"address"},{"name":"_from","type":"address"},{"name":"_id","type":"uint256"},{"name":"_amount","type":"uint256"},{"name":"_note","type":"bytes"}],"outputs":[{"name":"","type":"bytes4"}]},
  {"stateMutability":"pure","type":"function","name":"onERC1155BatchReceived","inputs":[{"name":"_operator","type":"address"},{"name":"_from","type":"address"},{"name":"_ids","type":"uint256[]"},{"name":"_amounts","type":"uint256[]"},{"name":"_note","type":"bytes"}],"outputs":[{"name":"","type":"bytes4"}]},
  {"stateMutability":"payable","type":"function","name":"execute","inputs":[{"name":"_to","type":"address"},{"name":"_value","type":"uint256"},{"name":"_data","type":"bytes"},{"name":"_operation","type":"uint8"}],"outputs":[{"name":"","type":"bytes"}]},
  {"stateMutability":"payable","type":"function","name":"execute_batch","inputs":[{"name":"_calls","type":"tuple[]","components":[{"name":"to","type":"address"},{"name":"value","type":"uint256"},{"name":"data","type":"bytes"}]}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"grant_session","inputs":[{"name":"_grant","type":"tuple","components":[{"name":"key","type":"address"},{"name":"valid_after","type":"uint256"},{"name":"valid_until","type":"uint256"},{"name":"uses","type":"uint256"},{"name":"period","type":"uint256"},{"name":"targets","type":"tuple[]","components":[{"name":"target","type":"address"},{"name":"selector","type":"bytes4"}]},{"name":"limits","type":"tuple[]","components":[{"name":"token","type":"address"},{"name":"amount","type":"uint256"}]}]}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"revoke_session","inputs":[{"name":"_key","type":"address"}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"cancel_nonces","inputs":[{"name":"_below","type":"uint256"}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"execute_signed","inputs":[{"name":"_calls","type":"tuple[]","components":[{"name":"to","type":"address"},{"name":"value","type":"uint256"},{"name":"data","type":"bytes"}]},{"name":"_nonce","type":"uint256"},{"name":"_deadline","type":"uint256"},{"name":"_signature","type":"bytes"}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"execute_session","inputs":[{"name":"_to","type":"address"},{"name":"_value","type":"uint256"},{"name":"_data","type":"bytes"}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"execute_session_signed","inputs":[{"name":"_key","type":"address"},{"name":"_call","type":"tuple","components":[{"name":"to","type":"address"},{"name":"value","type":"uint256"},{"name":"data","type":"bytes"}]},{"name":"_nonce","type":"uint256"},{"name":"_deadline","type":"uint256"},{"name":"_signature","type":"bytes"}],"outputs":[]},
  {"stateMutability":"payable","type":"fallback"},
  {"stateMutability":"view","type":"function","name":"owner","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"token","inputs":[],"outputs":[{"name":"chainId","type":"uint256"},{"name":"tokenContract","type":"address"},{"name":"tokenId","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"state","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"holding","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"isValidSigner","inputs":[{"name":"_signer","type":"address"},{"name":"_context","type":"bytes"}],"outputs":[{"name":"","type":"bytes4"}]},
  {"stateMutability":"view","type":"function","name":"isValidSignature","inputs":[{"name":"_digest","type":"bytes32"},{"name":"_signature","type":"bytes"}],"outputs":[{"name":"","type":"bytes4"}]},
  {"stateMutability":"view","type":"function","name":"statement_digest","inputs":[{"name":"_digest","type":"bytes32"}],"outputs":[{"name":"","type":"bytes32"}]},
  {"stateMutability":"view","type":"function","name":"session","inputs":[{"name":"_key","type":"address"}],"outputs":[{"name":"","type":"tuple","components":[{"name":"number","type":"uint256"},{"name":"valid_after","type":"uint256"},{"name":"valid_until","type":"uint256"},{"name":"uses","type":"uint256"},{"name":"period","type":"uint256"},{"name":"alive","type":"bool"}]}]},
  {"stateMutability":"view","type":"function","name":"allows","inputs":[{"name":"_key","type":"address"},{"name":"_target","type":"address"},{"name":"_selector","type":"bytes4"}],"outputs":[{"name":"","type":"bool"}]},
  {"stateMutability":"view","type":"function","name":"spent","inputs":[{"name":"_key","type":"address"},{"name":"_token","type":"address"}],"outputs":[{"name":"amount","type":"uint256"},{"name":"limit","type":"uint256"}]},
  {"stateMutability":"pure","type":"function","name":"supportsInterface","inputs":[{"name":"_id","type":"bytes4"}],"outputs":[{"name":"","type":"bool"}]},
  {"stateMutability":"view","type":"function","name":"nonces","inputs":[{"name":"owner","type":"address"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"nonpayable","type":"constructor","inputs":[],"outputs":[]}
] as const;

/** With an address, all that viem and wagmi want of a contract. */
export const agentAccountConfig = { name: "AgentAccount", abi: agentAccountAbi } as const;
