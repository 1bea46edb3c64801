// What went wrong, in words, with what to do about it.
import { reasons, remedyOf } from "@keifu/abi";
import { BaseError, ContractFunctionRevertedError, InsufficientFundsError, UserRejectedRequestError } from "viem";

export interface Said {
  readonly what: string;
  readonly remedy: string;
}

/** A fault that the page has found itself. */
export class Fault extends Error {
  constructor(
    readonly what: string,
    readonly remedy: string,
  ) {
    super(what);
  }
}

const REFUSED = 4001; // EIP-1193
const UNKNOWN_CHAIN = 4902; // EIP-3326
const BUSY = -32002;

/** The number of a provider's fault, wherever in the causes it stands. */
function codes(error: unknown): number[] {
  const found: number[] = [];
  for (let at = error as { code?: unknown; cause?: unknown } | undefined; at && typeof at === "object"; at = at.cause as typeof at) {
    if (typeof at.code === "number") found.push(at.code);
  }
  return found;
}

export const isRefusal = (error: unknown): boolean =>
  codes(error).includes(REFUSED) || (error instanceof BaseError && !!error.walk((one) => one instanceof UserRejectedRequestError));

export const isUnknownChain = (error: unknown): boolean => codes(error).includes(UNKNOWN_CHAIN);

export function explain(error: unknown): Said {
  if (error instanceof Fault) return error;
  if (isRefusal(error)) return { what: "You declined in your wallet.", remedy: "Nothing was sent. Try again whenever you like." };
  if (codes(error).includes(BUSY)) {
    return { what: "Your wallet is waiting for an answer to an earlier question.", remedy: "Open the wallet, and answer it." };
  }
  if (error instanceof BaseError) {
    const reverted = error.walk((one) => one instanceof ContractFunctionRevertedError);
    if (reverted instanceof ContractFunctionRevertedError) return ofReason(reverted.reason);
    if (error.walk((one) => one instanceof InsufficientFundsError)) {
      return { what: "There is not enough ether for the transaction's gas.", remedy: "Bring some ether to this account." };
    }
    return { what: error.shortMessage, remedy: "Try again; your wallet's own node answered this." };
  }
  return { what: error instanceof Error ? error.message : String(error), remedy: "Try again." };
}

/** A contract's reason. One that no contract of the suite has is shown as it is. */
export function ofReason(reason: string | undefined): Said {
  if (!reason) return { what: "The contract refuses, and gives no reason.", remedy: "Reload the page: what it shows may be old." };
  const remedy = reason in reasons ? remedyOf(reason) : "This reason is of no contract of the suite.";
  return { what: `The contract refuses: ${reason}`, remedy: remedy.charAt(0).toUpperCase() + remedy.slice(1) + "." };
}
