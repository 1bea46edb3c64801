/** An account or a contract, as viem and ethers spell one. */
export type Address = `0x${string}`;

/** 32 bytes. */
export type Bytes32 = `0x${string}`;
