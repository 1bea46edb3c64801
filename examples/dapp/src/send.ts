// One thing that the reader does: each transaction of it is simulated, shown, sent, and followed to its block.
import type { Abi, Address, Hash } from "viem";
import { el, part, short, type Child } from "./dom.js";
import type { Clients } from "./suite.js";
import { explain, Fault, type Said } from "./words.js";

export interface Call {
  readonly does: string;
  readonly address: Address;
  readonly abi: Abi | readonly unknown[];
  readonly functionName: string;
  readonly args: readonly unknown[];
}

type State = "asks" | "pending" | "confirmed" | "failed";

/** What becomes of one thing that the reader does, as a note that may be closed. Notes of what is over make room. */
class Note {
  private readonly box = el("div", { class: "note" });

  constructor() {
    const notes = part("notes");
    for (const old of notes.querySelectorAll("[data-state=confirmed], [data-state=failed]")) old.remove();
    notes.prepend(this.box);
  }

  show(title: string, state: State, line: Child, more = ""): void {
    const close = el("button", { type: "button", class: "quiet", "aria-label": `Close: ${title}`, onclick: () => this.box.remove() }, "×");
    this.box.dataset["state"] = state;
    this.box.replaceChildren(el("strong", {}, title), close, el("p", {}, line), ...(more ? [el("p", { class: "faint" }, more)] : []));
  }
}

/** Tell of a fault that belongs to no transaction. */
export function tell(title: string, said: Said): void {
  new Note().show(title, "failed", said.what, said.remedy);
}

const link = (hash: Hash): HTMLElement => el("a", { href: `/tx/${hash}` }, short(hash));

/** Send calls one after another; whether all of them were confirmed. What fails is said, and nothing is sent after it. */
export async function send(clients: Clients, calls: readonly Call[]): Promise<boolean> {
  const note = new Note();
  for (const [place, call] of calls.entries()) {
    const title = calls.length > 1 ? `${place + 1} of ${calls.length}: ${call.does}` : call.does;
    try {
      await one(clients, call as Call & { abi: Abi }, (...said) => note.show(title, ...said));
    } catch (error) {
      const { what, remedy } = explain(error);
      note.show(title, "failed", what, remedy);
      return false;
    }
  }
  return true;
}

async function one({ reads, sends, account }: Clients, call: Call & { abi: Abi }, say: (state: State, line: Child) => void): Promise<void> {
  const { does: _, ...asked } = call;
  say("asks", "Trying it first…");
  await reads.simulateContract({ ...asked, account });
  say("asks", "Confirm it in your wallet.");
  const hash = await sends.writeContract(asked);
  say("pending", ["Sent, and waiting for its block: ", link(hash)]);
  const receipt = await mined(reads, hash);
  if (receipt.status === "reverted") {
    // The same call in the same block says why.
    await reads.simulateContract({ ...asked, account, blockNumber: receipt.blockNumber });
    throw new Fault("The transaction is in a block, and failed there.", "Look at it in the explorer; it may have run out of gas.");
  }
  say("confirmed", [`Confirmed in block ${receipt.blockNumber}: `, link(receipt.transactionHash)]);
}

/** What became of a transaction that was sent. It is waited for as long as the page is open: whoever hears that it failed
 * sends it again. */
async function mined(reads: Clients["reads"], hash: Hash) {
  let isAnother = false;
  const wait = reads.waitForTransactionReceipt({ hash, timeout: 0, onReplaced: ({ reason }) => { isAnother = reason !== "repriced"; } });
  const receipt = await wait.catch(() => {
    throw new Fault(`It was sent, but what became of it is not known: ${hash}`, "Look at it in your wallet before you try again.");
  });
  if (isAnother) throw new Fault("Another transaction took its place.", "You cancelled or replaced it in your wallet: nothing of it was done.");
  return receipt;
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
