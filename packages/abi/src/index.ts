export type { Address, Bytes32 } from "./address.js";
export { addressesOf, type ContractName, type DeploymentRecord } from "./addresses.js";
export * from "./contracts/index.js";
export { events } from "./events.js";
export * from "./messages.js";
export { reasons } from "./reasons.js";
export { remedyOf } from "./remedies.js";
export {
  channelTypedData,
  paymentHeader,
  requirementsOf,
  voucherTypedData,
  x402,
  type ChannelConfig,
  type Requirements,
} from "./x402.js";
