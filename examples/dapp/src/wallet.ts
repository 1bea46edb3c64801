// The reader's wallet: found by EIP-6963, asked by EIP-1193.
import type { Address, EIP1193Provider } from "viem";
import { Fault, isUnknownChain } from "./words.js";

export interface Offered {
  readonly info: { readonly uuid: string; readonly name: string; readonly icon: string; readonly rdns: string };
  readonly provider: EIP1193Provider;
}

export interface Connected {
  readonly wallet: Offered;
  readonly account: Address;
  readonly chain: number;
}

const offered = new Map<string, Offered>();
const IMAGE = /^data:image\//;
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const LONGEST_NAME = 40;

/** Tell of every wallet that announces itself, now and later. One that announces itself badly is passed over. */
export function discover(changed: (wallets: Offered[]) => void): void {
  window.addEventListener("eip6963:announceProvider", (event) => {
    const { info, provider } = (event as CustomEvent<Partial<Offered> | null>).detail ?? {};
    if (typeof info?.uuid !== "string" || typeof info.name !== "string" || typeof provider?.request !== "function") return;
    if (offered.has(info.uuid)) return;
    offered.set(info.uuid, { info: { ...info, name: info.name.slice(0, LONGEST_NAME) || "A wallet without a name" }, provider });
    changed([...offered.values()]);
  });
  window.dispatchEvent(new Event("eip6963:requestProvider"));
  changed([...offered.values()]);
}

/** Where an icon may come from: nowhere but from the announcement. */
export const iconOf = ({ info }: Offered): string | undefined => (IMAGE.test(info.icon) ? info.icon : undefined);

/** Ask the wallet for an account, and follow what its owner changes there until `signal` says that nobody listens. */
export async function connect(wallet: Offered, signal: AbortSignal, changed: (now: Connected | null) => void): Promise<void> {
  const { provider } = wallet;
  const first = await ask(wallet, await provider.request({ method: "eth_requestAccounts" }));
  if (!first) throw new Fault("The wallet has given no account.", "Unlock it, and choose an account for this page.");
  const tell = (now: Connected | null) => signal.aborted || changed(now);
  const follow = () => void provider.request({ method: "eth_accounts" }).then((all) => ask(wallet, all)).then(tell, () => tell(null));
  const gone = () => tell(null);
  const heard = [["accountsChanged", follow], ["chainChanged", follow], ["disconnect", gone]] as const;
  for (const [name, listener] of heard) provider.on?.(name, listener);
  signal.addEventListener("abort", () => heard.forEach(([name, listener]) => provider.removeListener?.(name, listener)));
  tell(first);
}

async function ask(wallet: Offered, accounts: unknown): Promise<Connected | null> {
  const account: unknown = Array.isArray(accounts) ? accounts[0] : undefined;
  if (typeof account !== "string" || !ADDRESS.test(account)) return null;
  return { wallet, account: account as Address, chain: Number(await wallet.provider.request({ method: "eth_chainId" })) };
}

/** Ask the wallet for the suite's chain. */
export async function change({ wallet }: Connected, chain: number): Promise<void> {
  try {
    await wallet.provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId: `0x${chain.toString(16)}` }] });
  } catch (error) {
    if (!isUnknownChain(error)) throw error;
    throw new Fault(`${wallet.info.name} does not know chain ${chain}.`, "Add the chain in your wallet's settings, then try again.");
  }
}
