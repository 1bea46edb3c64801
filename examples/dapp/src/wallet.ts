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

/** Tell of every wallet that announces itself, now and later. */
export function discover(changed: (wallets: Offered[]) => void): void {
  window.addEventListener("eip6963:announceProvider", (event) => {
    const { info, provider } = (event as CustomEvent<Offered>).detail ?? {};
    if (!info?.uuid || !provider || offered.has(info.uuid)) return;
    offered.set(info.uuid, { info, provider });
    changed([...offered.values()]);
  });
  window.dispatchEvent(new Event("eip6963:requestProvider"));
  changed([...offered.values()]);
}

/** Where an icon may come from: nowhere but from the announcement. */
export const iconOf = ({ info }: Offered): string | undefined => (IMAGE.test(info.icon) ? info.icon : undefined);

/** Ask the wallet for an account, and follow what its owner changes there. */
export async function connect(wallet: Offered, changed: (now: Connected | null) => void): Promise<void> {
  const { provider } = wallet;
  let now = await ask(wallet, await provider.request({ method: "eth_requestAccounts" }));
  if (!now) throw new Fault("The wallet has given no account.", "Unlock it, and choose an account for this page.");
  const follow = async () => {
    now = await ask(wallet, await provider.request({ method: "eth_accounts" }));
    changed(now);
  };
  provider.on?.("accountsChanged", () => void follow());
  provider.on?.("chainChanged", () => void follow());
  provider.on?.("disconnect", () => changed(null));
  changed(now);
}

async function ask(wallet: Offered, accounts: readonly Address[]): Promise<Connected | null> {
  const [account] = accounts;
  if (!account) return null;
  return { wallet, account, chain: Number(await wallet.provider.request({ method: "eth_chainId" })) };
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
