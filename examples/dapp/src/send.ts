// One thing that the reader does: each transaction of it is simulated, shown, sent, and followed to its block.
import type { Abi, Address, Hash } from "viem";
import { el, part, short, type Child } from "./dom.js";
import type { Clients } from "./suite.js";
import { explain, type Said } from "./words.js";

export interface Call {
  readonly does: string;
  readonly address: Address;
  readonly abi: Abi | readonly unknown[];
  readonly functionName: string;
  readonly args: readonly unknown[];
}

const KEPT = 4; // notes that are shown at once

/** What becomes of one transaction, as a note that the reader may close. */
class Note {
  private readonly box = el("div", { class: "note" });

  constructor(private readonly title: string) {
    const notes = part("notes");
    notes.prepend(this.box);
    while (notes.children.length > KEPT) notes.lastElementChild?.remove();
  }

  show(state: "asks" | "pending" | "confirmed" | "failed", line: Child, more: Child = null): void {
    const close = el("button", { type: "button", class: "quiet", "aria-label": `Close: ${this.title}`, onclick: () => this.box.remove() }, "×");
    this.box.dataset["state"] = state;
    this.box.replaceChildren(el("strong", {}, this.title), close, el("p", {}, line), ...(more ? [el("p", {}, more)] : []));
  }
}

/** Tell of a fault that belongs to no transaction. */
export function tell(title: string, said: Said): void {
  new Note(title).show("failed", said.what, said.remedy);
}

const link = (hash: Hash): HTMLElement => el("a", { href: `/tx/${hash}` }, short(hash));

/** Send calls one after another; whether all of them were confirmed. What fails is said, and nothing is sent after it. */
export async function send(clients: Clients, calls: readonly Call[]): Promise<boolean> {
  for (const [place, call] of calls.entries()) {
    const note = new Note(calls.length > 1 ? `${call.does} (${place + 1} of ${calls.length})` : call.does);
    try {
      await one(clients, call as Call & { abi: Abi }, note);
    } catch (error) {
      const said = explain(error);
      note.show("failed", said.what, said.remedy);
      return false;
    }
  }
  return true;
}

async function one({ reads, sends, account }: Clients, call: Call & { abi: Abi }, note: Note): Promise<void> {
  const { does: _, ...asked } = call;
  note.show("asks", "Checking…");
  await reads.simulateContract({ ...asked, account });
  note.show("asks", "Confirm it in your wallet.");
  const hash = await sends.writeContract(asked);
  note.show("pending", ["Sent, waiting for its block: ", link(hash)]);
  const receipt = await reads.waitForTransactionReceipt({ hash });
  if (receipt.status === "reverted") {
    // The same call in the same block says why.
    await reads.simulateContract({ ...asked, account, blockNumber: receipt.blockNumber });
    throw new Error(`transaction ${short(receipt.transactionHash)} was included, and failed`);
  }
  note.show("confirmed", [`Confirmed in block ${receipt.blockNumber}: `, link(receipt.transactionHash)]);
}

/** A button that is busy as long as what it does. */
export function button(label: string, does: () => Promise<unknown>, attributes: Record<string, string | boolean> = {}): HTMLButtonElement {
  const made = el("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", () => void busy(made, does));
  return made;
}

export async function busy(made: HTMLButtonElement, does: () => Promise<unknown>): Promise<void> {
  if (made.getAttribute("aria-busy") === "true") return;
  made.setAttribute("aria-busy", "true");
  try {
    await does();
  } catch (error) {
    tell(made.textContent ?? "", explain(error));
  } finally {
    made.removeAttribute("aria-busy");
  }
}
