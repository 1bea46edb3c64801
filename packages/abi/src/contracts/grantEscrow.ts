// `make abi` writes this file from the compiled contracts.

export const grantEscrowAbi = [
  {"name":"Created","inputs":[{"name":"id","type":"uint256","indexed":true},{"name":"beneficiary","type":"address","indexed":true},{"name":"revoker","type":"address","indexed":true},{"name":"total","type":"uint256","indexed":false},{"name":"divisor","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"name":"Claimed","inputs":[{"name":"id","type":"uint256","indexed":true},{"name":"beneficiary","type":"address","indexed":true},{"name":"amount","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"name":"BeneficiaryTransferStarted","inputs":[{"name":"id","type":"uint256","indexed":true},{"name":"beneficiary","type":"address","indexed":true},{"name":"successor","type":"address","indexed":true}],"anonymous":false,"type":"event"},
  {"name":"BeneficiaryTransferred","inputs":[{"name":"id","type":"uint256","indexed":true},{"name":"beneficiary","type":"address","indexed":true},{"name":"successor","type":"address","indexed":true}],"anonymous":false,"type":"event"},
  {"name":"Revoked","inputs":[{"name":"id","type":"uint256","indexed":true},{"name":"revoker","type":"address","indexed":true},{"name":"refund","type":"uint256","indexed":false},{"name":"owed","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"name":"RevocationRenounced","inputs":[{"name":"id","type":"uint256","indexed":true},{"name":"revoker","type":"address","indexed":true}],"anonymous":false,"type":"event"},
  {"name":"WrittenOff","inputs":[{"name":"id","type":"uint256","indexed":true},{"name":"operator","type":"address","indexed":true},{"name":"lost","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"name":"Staked","inputs":[{"name":"id","type":"uint256","indexed":true},{"name":"operator","type":"address","indexed":true},{"name":"amount","type":"uint256","indexed":false},{"name":"shares","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"name":"Unstaked","inputs":[{"name":"id","type":"uint256","indexed":true},{"name":"operator","type":"address","indexed":true},{"name":"ticket","type":"uint256","indexed":true},{"name":"amount","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"name":"Returned","inputs":[{"name":"id","type":"uint256","indexed":true},{"name":"ticket","type":"uint256","indexed":true},{"name":"amount","type":"uint256","indexed":false},{"name":"lost","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"name":"Settled","inputs":[{"name":"id","type":"uint256","indexed":true},{"name":"revoker","type":"address","indexed":true},{"name":"amount","type":"uint256","indexed":false}],"anonymous":false,"type":"event"},
  {"stateMutability":"nonpayable","type":"function","name":"create","inputs":[{"name":"_plan","type":"tuple","components":[{"name":"beneficiary","type":"address"},{"name":"revoker","type":"address"},{"name":"total","type":"uint256"},{"name":"start","type":"uint256"},{"name":"step","type":"uint256"},{"name":"steps","type":"uint256"},{"name":"cliff","type":"uint256"},{"name":"divisor","type":"uint256"}]}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"nonpayable","type":"function","name":"create_many","inputs":[{"name":"_plans","type":"tuple[]","components":[{"name":"beneficiary","type":"address"},{"name":"revoker","type":"address"},{"name":"total","type":"uint256"},{"name":"start","type":"uint256"},{"name":"step","type":"uint256"},{"name":"steps","type":"uint256"},{"name":"cliff","type":"uint256"},{"name":"divisor","type":"uint256"}]}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"nonpayable","type":"function","name":"claim","inputs":[{"name":"_id","type":"uint256"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"nonpayable","type":"function","name":"claim_many","inputs":[{"name":"_ids","type":"uint256[]"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"nonpayable","type":"function","name":"transfer_beneficiary","inputs":[{"name":"_id","type":"uint256"},{"name":"_successor","type":"address"}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"accept_beneficiary","inputs":[{"name":"_id","type":"uint256"}],"outputs":[]},
  {"stateMutability":"nonpayable","type":"function","name":"revoke","inputs":[{"name":"_id","type":"uint256"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"nonpayable","type":"function","name":"renounce_revocation","inputs":[{"name":"_id","type":"uint256"}],"outputs":[]},
  {"stateMutability":"view","type":"function","name":"plan","inputs":[{"name":"_id","type":"uint256"}],"outputs":[{"name":"","type":"tuple","components":[{"name":"beneficiary","type":"address"},{"name":"revoker","type":"address"},{"name":"total","type":"uint256"},{"name":"start","type":"uint256"},{"name":"step","type":"uint256"},{"name":"steps","type":"uint256"},{"name":"cliff","type":"uint256"},{"name":"divisor","type":"uint256"}]}]},
  {"stateMutability":"view","type":"function","name":"paid","inputs":[{"name":"_id","type":"uint256"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"vested","inputs":[{"name":"_id","type":"uint256"},{"name":"_at","type":"uint256"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"claimable","inputs":[{"name":"_id","type":"uint256"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"nonpayable","type":"function","name":"stake","inputs":[{"name":"_id","type":"uint256"},{"name":"_operator","type":"address"},{"name":"_amount","type":"uint256"},{"name":"_min_shares","type":"uint256"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"nonpayable","type":"function","name":"unstake","inputs":[{"name":"_id","type":"uint256"},{"name":"_shares","type":"uint256"},{"name":"_min_amount","type":"uint256"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"nonpayable","type":"function","name":"withdraw","inputs":[{"name":"_id","type":"uint256"},{"name":"_ticket","type":"uint256"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"nonpayable","type":"function","name":"write_off","inputs":[{"name":"_id","type":"uint256"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"nonpayable","type":"function","name":"claim_rewards","inputs":[{"name":"_id","type":"uint256"}],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"stake_of","inputs":[{"name":"_id","type":"uint256"}],"outputs":[{"name":"","type":"tuple","components":[{"name":"operator","type":"address"},{"name":"active","type":"uint256"},{"name":"leaving","type":"uint256"},{"name":"lost","type":"uint256"},{"name":"owed","type":"uint256"},{"name":"creditor","type":"address"}]}]},
  {"stateMutability":"view","type":"function","name":"stake_key","inputs":[{"name":"_id","type":"uint256"}],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"hub","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"count","inputs":[],"outputs":[{"name":"","type":"uint256"}]},
  {"stateMutability":"view","type":"function","name":"revoker","inputs":[{"name":"_id","type":"uint256"}],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"successor","inputs":[{"name":"id","type":"uint256"}],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"view","type":"function","name":"token","inputs":[],"outputs":[{"name":"","type":"address"}]},
  {"stateMutability":"nonpayable","type":"constructor","inputs":[{"name":"_token","type":"address"}],"outputs":[]}
] as const;

/** With an address, all that viem and wagmi want of a contract. */
export const grantEscrowConfig = { name: "GrantEscrow", abi: grantEscrowAbi } as const;
