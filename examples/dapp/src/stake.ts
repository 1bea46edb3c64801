// Coins behind an operator: what is staked and earned, staking more, and leaving.
import { formatUnits, type Address } from "viem";
import { amount, exact, moment, typed, type Coin } from "./amounts.js";
import { code, el, facts, short, type Child } from "./dom.js";
import { busy, button, send, type Call } from "./send.js";
import type { Clients, Operator, Places, Suite } from "./suite.js";

export interface Position {
  readonly operator: Address;
  readonly shares: bigint;
  readonly worth: bigint;
  readonly rewards: bigint;
  readonly tickets: readonly { readonly id: bigint; readonly worth: bigint; readonly at: bigint }[];
}

export interface Offer extends Operator {
  readonly room: bigint; // that it may still take
  readonly commission: number; // in force, by the chain
}

const OWN = 0n; // the account itself, not one of its sub-accounts
const OFFERED = 30; // operators: each is a question to the reader's node
const ANY = 0n; // what a slash of this moment takes is taken

/** What the account has with these operators; those with nothing are left out. */
export async function positions(clients: Clients, { hub }: Suite, { operators, tickets: known }: Places, now: bigint): Promise<Position[]> {
  const read = clients.reads.readContract;
  const half = now / ((await read({ ...hub, functionName: "unbonding" })) / 2n);
  const found = await Promise.all(
    operators.map(async (operator) => {
      const [[shares, worth], rewards] = await Promise.all([
        read({ ...hub, functionName: "position", args: [operator, clients.account] }),
        read({ ...hub, functionName: "pending_rewards", args: [operator, clients.account] }),
      ]);
      return { operator, shares, worth, rewards, tickets: await tickets(clients, hub, operator, half, known) };
    }),
  );
  return found.filter(({ shares, rewards, tickets }) => shares || rewards || tickets.length);
}

/** What is leaving: tickets that the index knows, and those that a transaction of this moment would have made. Their
 * numbers are of operator and half-period. */
async function tickets({ reads, account }: Clients, hub: Suite["hub"], operator: Address, half: bigint, known: readonly string[]) {
  const newest = [half - 1n, half, half + 1n].map((number) => (BigInt(operator) << 96n) | number);
  const numbers = new Set([...known.map(BigInt).filter((id) => id >> 96n === BigInt(operator)), ...newest]);
  const found = await Promise.all(
    [...numbers].map(async (id) => {
      const [worth, at] = await reads.readContract({ ...hub, functionName: "ticket", args: [account, id] });
      return { id, worth, at };
    }),
  );
  return found.filter(({ worth }) => worth).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Operators with their room, those with most first; of many, those that announced themselves last. */
export async function offers({ reads }: Clients, { hub }: Suite, operators: readonly Operator[]): Promise<Offer[]> {
  const found = await Promise.all(
    operators.slice(-OFFERED).map(async (one) => {
      const state = await reads.readContract({ ...hub, functionName: "operator_state", args: [one.operator] });
      const { exposure, delegated, commission_bps: commission } = state;
      return { ...one, room: exposure > delegated ? exposure - delegated : 0n, commission: Number(commission) };
    }),
  );
  return found.sort((a, b) => (a.room === b.room ? 0 : a.room > b.room ? -1 : 1));
}

/** A card of one position, with what can be done. */
export function card(position: Position, coin: Coin, now: bigint, clients: Clients, { hub }: Suite, after: () => Promise<void>): HTMLElement {
  const { operator, shares, worth, rewards } = position;
  const calls = async (...all: Call[]) => {
    await send(clients, all);
    await after();
  };
  const claim: Call = { does: "Claim rewards", ...hub, functionName: "claim_rewards", args: [operator, clients.account, OWN] };
  const leave: Call = { does: "Leave", ...hub, functionName: "unstake", args: [operator, shares, ANY, OWN] };
  const dialog = leaving(worth, coin, () => calls(...(rewards ? [claim] : []), leave));
  return el(
    "article", { class: "card" },
    el("header", {}, el("h3", {}, "Operator ", code(operator))),
    el("p", { class: "figure", title: exact(worth, coin) }, amount(worth, coin)),
    facts(["Rewards", el("span", { title: exact(rewards, coin) }, amount(rewards, coin))]),
    position.tickets.map(({ id, worth, at }) =>
      el("div", { class: "ticket" },
        el("span", {}, `${amount(worth, coin)} leaving, ${at <= now ? "ready" : `until ${moment(at)}`}`),
        button("Withdraw", () => calls({ does: "Withdraw", ...hub, functionName: "withdraw", args: [id, OWN] }), { disabled: at > now }),
      ),
    ),
    el("div", { class: "row" },
      button(rewards ? `Claim ${amount(rewards, coin)}` : "No rewards yet", () => calls(claim), { class: "main", disabled: !rewards }),
      button("Leave…", async () => dialog.showModal(), { disabled: !shares }),
    ),
    dialog,
  );
}

/** What the hub owes: restitution, commission, rewards of shares that left. */
export function credited(credit: bigint, coin: Coin, clients: Clients, { hub }: Suite, after: () => Promise<void>): HTMLElement {
  const collect: Call = { does: "Collect", ...hub, functionName: "collect", args: [clients.account, OWN] };
  return el("article", { class: "card" },
    el("h3", {}, "Owed to you by the hub"),
    el("p", { class: "figure", title: exact(credit, coin) }, amount(credit, coin)),
    el("p", { class: "faint" }, "Restitution, commission, and rewards of stake that left."),
    button("Collect", async () => {
      await send(clients, [collect]);
      await after();
    }, { class: "main" }),
  );
}

/** Leaving is asked about: what waits may still be slashed. */
function leaving(worth: bigint, coin: Coin, does: () => Promise<void>): HTMLDialogElement {
  const leave = button("Leave", async () => {
    made.close();
    await does();
  }, { class: "main" });
  const made: HTMLDialogElement = el("dialog", { "aria-label": "Leave this operator" },
    el("h3", {}, `Leave with ${amount(worth, coin)}?`),
    el("p", {}, "Rewards are claimed first. The coins then wait for the unbonding period, in which a slash can still take some of them. After it you withdraw them here."),
    el("div", { class: "row" }, leave, button("Stay", async () => made.close())),
  );
  return made;
}

/** The form that stakes more. */
export function form(all: readonly Offer[], balance: bigint, coin: Coin, clients: Clients, suite: Suite, after: (operator: Address) => Promise<void>): Child {
  if (!all.length) return el("p", { class: "empty" }, "No operator has announced its terms yet.");
  const operator = el("select", { id: "operator", name: "operator", "aria-describedby": "stake-room" }, all.map(optionOf));
  const field = el("input", { id: "stake-amount", name: "amount", inputmode: "decimal", autocomplete: "off", required: true, "aria-describedby": "stake-fault stake-have" });
  const hint = el("p", { id: "stake-room", class: "faint" });
  const fault = el("p", { id: "stake-fault", class: "fault", role: "alert" });
  const submit = el("button", { class: "main" }, "Stake");
  const offer = () => all.find((one) => one.operator === operator.value) ?? all[0]!;
  const most = () => (offer().room < balance ? offer().room : balance);
  const room = () => (hint.textContent = `Takes ${amount(offer().room, coin)} more, keeps ${kept(offer())} of what it earns for you.`);
  operator.addEventListener("change", room);
  room();
  const wanted = (): bigint | null => {
    const value = typed(field.value, coin);
    const said = typeof value === "string" ? value
      : value > balance ? `You have ${amount(balance, coin)}.`
      : value > offer().room ? `This operator takes ${amount(offer().room, coin)} more.` : "";
    fault.textContent = said;
    field.setAttribute("aria-invalid", String(!!said));
    return said || typeof value === "string" ? null : value;
  };
  const stake = async () => {
    const value = wanted();
    if (value === null) return field.focus();
    const { operator: chosen } = offer();
    if (await send(clients, await callsOf(clients, suite, chosen, value))) field.value = "";
    await after(chosen);
  };
  return el(
    "form", { class: "card", onsubmit: (event) => { event.preventDefault(); void busy(submit, stake); }, novalidate: true },
    el("h3", {}, "Stake with an operator"),
    el("label", { for: "operator" }, "Operator"), operator, hint,
    el("label", { for: "stake-amount" }, `Amount, ${coin.symbol}`),
    el("div", { class: "joined" }, field, button("Max", async () => { field.value = formatUnits(most(), coin.decimals); wanted(); })),
    fault,
    el("p", { id: "stake-have", class: "faint", title: exact(balance, coin) }, `You have ${amount(balance, coin)}. Staked coins earn fees, and can be slashed if the operator breaks a promise.`),
    submit,
  );
}

/** What is in force, and what was announced, where that differs. */
const kept = ({ commission, commission_bps: announced }: Offer): string =>
  `${commission / 100} %${announced === commission ? "" : ` (soon ${announced / 100} %)`}`;

function optionOf({ operator, metadata, room }: Offer): HTMLOptionElement {
  const name = /^https?:\/\/([^/?#]+)/.exec(metadata)?.[1];
  return el("option", { value: operator, disabled: !room }, name ? `${name.slice(0, 40)} · ${short(operator)}` : short(operator));
}

/** An approval where one is missing, and the stake; a share is never worth more than a coin. */
async function callsOf({ reads, account }: Clients, { token, hub }: Suite, operator: Address, value: bigint): Promise<Call[]> {
  const allowed = await reads.readContract({ ...token, functionName: "allowance", args: [account, hub.address] });
  const approve: Call = { does: "Let the hub take the coins", ...token, functionName: "approve", args: [hub.address, value] };
  return [...(allowed < value ? [approve] : []), { does: "Stake", ...hub, functionName: "stake", args: [operator, value, value, OWN] }];
}
