// Coins that somebody was granted: what is vested, what was paid, and the button that claims the rest.
import type { Address } from "viem";
import { amount, exact, moment, type Coin } from "./amounts.js";
import { code, el, facts, type Child } from "./dom.js";
import { button, send } from "./send.js";
import type { Clients, Line, Suite } from "./suite.js";

export interface Granted {
  readonly title: string;
  readonly note: Child;
  readonly total: bigint;
  readonly vested: bigint;
  readonly paid: bigint;
  readonly due: bigint;
  readonly next: bigint | null; // unix seconds of the next step
  readonly claim: (clients: Clients) => Promise<boolean>;
}

/** The next moment at which more is vested; null after the last step. */
export function nextStep(now: bigint, start: bigint, step: bigint, steps: bigint, cliff = 0n): bigint | null {
  if (now < start) return start;
  const passed = (now - start) / step;
  const next = passed + 1n < cliff ? cliff : passed + 1n;
  return next > steps ? null : start + next * step;
}

/** The account's line of the published list, as the distributor knows it. Words where there is none. */
export async function ofList(clients: Clients, suite: Suite, now: bigint): Promise<Granted | string> {
  if (!suite.has("TGEDistributor")) return "This suite has no list of grants.";
  const { grant, published } = await suite.line(clients.account);
  if (!grant) return published ? "This account is not in the published list." : "This server has no published list of grants.";
  const distributor = suite.distributor();
  const [index, total] = [BigInt(grant.index), BigInt(grant.total)];
  const read = clients.reads.readContract;
  const isListed = await read({ ...distributor, functionName: "verify", args: [index, clients.account, total, grant.proof] });
  if (!isListed) return "The list that this server has is not the one that the distributor pays by. Ask who serves this page.";
  const [vested, paid, due, start, step, steps] = await Promise.all([
    read({ ...distributor, functionName: "vested", args: [total, now] }),
    read({ ...distributor, functionName: "paid", args: [index] }),
    read({ ...distributor, functionName: "claimable", args: [index, clients.account, total] }),
    read({ ...distributor, functionName: "start" }),
    read({ ...distributor, functionName: "step" }),
    read({ ...distributor, functionName: "steps" }),
  ]);
  return {
    title: "Token event", note: `Line ${grant.index} of the published list`, total, vested, paid, due,
    next: nextStep(now, start, step, steps),
    claim: (by) => send(by, [{ does: "Claim your grant", ...distributor, functionName: "claim", args: argumentsOf(grant, by.account) }]),
  };
}

const argumentsOf = (grant: Line, account: Address) => [BigInt(grant.index), account, BigInt(grant.total), grant.proof] as const;

/** Grants with a schedule of their own that are the account's now. */
export async function ofEscrow(clients: Clients, suite: Suite, ids: readonly string[], now: bigint): Promise<Granted[]> {
  if (!ids.length) return [];
  const escrow = suite.escrow();
  const read = clients.reads.readContract;
  const found = await Promise.all(
    ids.map(BigInt).map(async (id): Promise<Granted | null> => {
      const plan = await read({ ...escrow, functionName: "plan", args: [id] });
      if (plan.beneficiary.toLowerCase() !== clients.account.toLowerCase()) return null;
      const [vested, paid, due] = await Promise.all([
        read({ ...escrow, functionName: "vested", args: [id, now] }),
        read({ ...escrow, functionName: "paid", args: [id] }),
        read({ ...escrow, functionName: "claimable", args: [id] }),
      ]);
      const revoker = BigInt(plan.revoker) ? ["May be ended by ", code(plan.revoker)] : "Nobody can end it";
      return {
        title: `Grant ${id}`, note: revoker, total: plan.total, vested, paid, due,
        next: nextStep(now, plan.start, plan.step, plan.steps, plan.cliff),
        claim: (by) => send(by, [{ does: `Claim grant ${id}`, ...escrow, functionName: "claim", args: [id] }]),
      };
    }),
  );
  return found.filter((grant) => grant !== null);
}

/** A card of one grant. */
export function card(grant: Granted, coin: Coin, clients: Clients, after: () => Promise<void>): HTMLElement {
  const { title, note, total, vested, paid, due, next } = grant;
  const later = next ? `More is vested on ${moment(next)}.` : "All of it is vested.";
  const claim = button(due ? `Claim ${amount(due, coin)}` : "Nothing to claim yet", async () => {
    await grant.claim(clients);
    await after();
  }, { class: "main", disabled: due === 0n, title: exact(due, coin) });
  return el(
    "article", { class: "card" },
    el("header", {}, el("h3", {}, title), el("span", { class: "faint" }, note)),
    el("p", { class: "figure", title: exact(total, coin) }, amount(total, coin)),
    bar(vested, paid, total),
    facts(
      [dot("paid", "Paid"), el("span", { title: exact(paid, coin) }, amount(paid, coin))],
      [dot("due", "Due now"), el("span", { title: exact(due, coin) }, amount(due, coin))],
      [dot("later", "Not vested"), el("span", { title: exact(total - vested, coin) }, amount(total - vested, coin))],
    ),
    el("p", { class: "faint" }, later),
    claim,
  );
}

const dot = (kind: string, name: string): Child => [el("span", { class: `dot ${kind}`, "aria-hidden": "true" }), name];

/** How much of the whole is paid and vested. */
function bar(vested: bigint, paid: bigint, total: bigint): HTMLElement {
  const share = (part: bigint) => (total ? Number((part * 10_000n) / total) / 100 : 0);
  const percent = share(vested);
  const shown = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  shown.setAttribute("viewBox", "0 0 100 2");
  shown.setAttribute("preserveAspectRatio", "none");
  shown.setAttribute("aria-hidden", "true");
  const due = vested > paid ? vested - paid : 0n;
  for (const [kind, from, width] of [["later", 0, 100], ["due", share(paid), share(due)], ["paid", 0, share(paid)]] as const) {
    const part = document.createElementNS(shown.namespaceURI, "rect");
    for (const [name, value] of Object.entries({ class: kind, x: from, y: 0, width, height: 2 })) part.setAttribute(name, String(value));
    shown.append(part);
  }
  return el("div", { class: "bar", role: "img", "aria-label": `${percent} % vested` }, shown, el("span", {}, `${percent} % vested`));
}
