// The page: what is connected, which part is shown, and everything read anew after each thing that the reader does.
import type { Address, Hex } from "viem";
import { amount, exact, type Coin } from "./amounts.js";
import * as author from "./author.js";
import * as bundle from "./bundle.js";
import { code, el, fill, part } from "./dom.js";
import * as holder from "./holder.js";
import { busy, button } from "./send.js";
import * as stake from "./stake.js";
import { clients, coinOf, suite, type Clients, type Suite } from "./suite.js";
import { change, connect, discover, iconOf, type Connected, type Offered } from "./wallet.js";
import { explain } from "./words.js";

const PARTS = ["coins", "stake", "register", "check"] as const;
type Part = (typeof PARTS)[number];

let connected: Connected | null = null;
let wallets: Offered[] = [];
let listening = new AbortController(); // to the wallet that is connected
let asked = 0; // of all readings, only the newest is shown
// With whom something was staked since the page was loaded: the index may not have it yet.
const since = new Set<Address>();

async function main(): Promise<void> {
  tabs();
  bundle.set();
  let known: Suite;
  try {
    known = await suite();
  } catch (error) {
    const { what, remedy } = explain(error);
    fill("wallet", el("p", { class: "fault", role: "alert" }, `${what} ${remedy}`));
    return;
  }
  author.set(known, () => ready(known), () => refresh(known));
  discover((found) => {
    wallets = found;
    shown(known);
  });
}

/** What can read and send: a wallet that is on the suite's chain. */
const ready = ({ chainId }: Suite): Clients | null => (connected && connected.chain === chainId ? clients(connected) : null);

function take(known: Suite, now: Connected | null): void {
  if (now?.account !== connected?.account) since.clear();
  connected = now;
  shown(known);
  void refresh(known);
}

/** Listen to this wallet, and to no other any more. */
async function join(known: Suite, wallet: Offered): Promise<void> {
  leave();
  await connect(wallet, listening.signal, (now) => take(known, now));
}

function leave(): void {
  listening.abort();
  listening = new AbortController();
}

/** The place of the wallet: which there are, which is connected, whether it is on the right chain. */
function shown(known: Suite): void {
  const now = connected;
  fill("connected");
  if (!now) {
    fill("wallet", welcome(known));
    return;
  }
  fill("connected", mark(now.wallet), code(now.account), button("Refresh", () => refresh(known), { class: "quiet" }), button("Disconnect", async () => { leave(); take(known, null); }, { class: "quiet" }));
  fill("wallet", now.chain === known.chainId ? null : wrongChain(known, now));
}

function welcome(known: Suite): HTMLElement {
  const offers = wallets.map((one) => {
    const made = el("button", { type: "button", class: "wallet", onclick: () => void busy(made, () => join(known, one)) }, mark(one), one.info.name);
    return el("li", {}, made);
  });
  const none = el("p", { class: "empty" }, "No wallet was found in this browser. Install one that announces itself (EIP-6963), then reload the page.");
  return el("section", { class: "welcome" },
    el("h2", {}, "Connect your wallet"),
    el("p", {}, "The page reads the chain by your wallet, and sends nothing that you have not confirmed there."),
    offers.length ? el("ul", { class: "wallets", "aria-label": "Wallets" }, offers) : none,
  );
}

const mark = (one: Offered): HTMLElement => {
  const icon = iconOf(one);
  return icon ? el("img", { src: icon, alt: "", width: 24, height: 24 }) : el("span", { class: "mark", "aria-hidden": "true" }, one.info.name.slice(0, 1));
};

function wrongChain(known: Suite, now: Connected): HTMLElement {
  return el("section", { class: "banner", role: "alert" },
    el("p", {}, el("strong", {}, `${now.wallet.info.name} is on chain ${now.chain}. `), `Keifu's contracts are on chain ${known.chainId}.`),
    button(`Switch to chain ${known.chainId}`, () => change(now, known.chainId), { class: "main" }),
  );
}

/** Read everything that counts anew. */
async function refresh(known: Suite): Promise<void> {
  const turn = ++asked;
  const by = ready(known);
  if (!by) {
    for (const id of ["sums", "grants", "credit", "positions", "stake-form", "records"]) fill(id);
    return;
  }
  try {
    await read(known, by, () => turn === asked);
  } catch (error) {
    if (turn !== asked) return;
    const { what, remedy } = explain(error);
    fill("sums", el("p", { class: "fault", role: "alert" }, `${what} ${remedy} `), button("Try again", () => refresh(known)));
  }
}

async function read(known: Suite, by: Clients, isNewest: () => boolean): Promise<void> {
  const [coin, { timestamp: now }, places, operators] = await Promise.all([
    coinOf(by, known), by.reads.getBlock(), known.places(by.account), known.operators(),
  ]);
  for (const operator of places.operators) since.add(operator);
  const [balance, credit, list, escrows, positions, offers] = await Promise.all([
    by.reads.readContract({ ...known.token, functionName: "balanceOf", args: [by.account] }),
    by.reads.readContract({ ...known.hub, functionName: "credit", args: [by.account] }),
    holder.ofList(by, known, now),
    holder.ofEscrow(by, known, places.escrows, now),
    stake.positions(by, known, { ...places, operators: [...since] }, now),
    stake.offers(by, known, operators),
  ]);
  if (!isNewest()) return;
  const panel = document.activeElement?.closest<HTMLElement>("[role=tabpanel]");
  const after = () => refresh(known);
  const grants = [...(typeof list === "string" ? [] : [list]), ...escrows];
  sums(coin, balance, grants, positions);
  fill("grants", grants.map((grant) => holder.card(grant, coin, by, after)), typeof list === "string" && el("p", { class: "empty" }, list));
  fill("credit", credit > 0n && stake.credited(credit, coin, by, known, after));
  fill("positions", positions.map((one) => stake.card(one, coin, now, by, known, after)));
  fill("stake-form", stake.form(offers, balance, coin, by, known, async (operator) => { since.add(operator); await after(); }));
  fill("records", records(places.records));
  // Whoever goes by keyboard stays where the button was that is no longer there.
  if (panel && !panel.contains(document.activeElement)) panel.focus();
}

function sums(coin: Coin, balance: bigint, grants: readonly holder.Granted[], positions: readonly stake.Position[]): void {
  const sum = (all: readonly bigint[]) => all.reduce((total, one) => total + one, 0n);
  const rows: [string, bigint][] = [
    ["In your wallet", balance],
    ["To claim", sum(grants.map(({ due }) => due))],
    ["Staked", sum(positions.map(({ worth }) => worth))],
    ["Rewards", sum(positions.map(({ rewards }) => rewards))],
  ];
  fill("sums", rows.map(([name, value]) => el("div", { class: "sum" }, el("span", { class: "faint" }, name), el("strong", { title: exact(value, coin) }, amount(value, coin)))));
}

const records = (ids: readonly Hex[]): HTMLElement | null =>
  ids.length
    ? el("section", {}, el("h3", {}, "Your records"), el("ul", { class: "plain" },
        ids.slice(-10).reverse().map((id) => el("li", {}, el("a", { href: `/record/${id.slice(2)}` }, el("code", {}, id.slice(2)))))))
    : null;

/** Parts of the page as tabs: arrows go from one to the next, and the address says which is open. */
function tabs(): void {
  const all = PARTS.map((name) => part<HTMLButtonElement>(`tab-${name}`));
  const open = (name: Part, focus = false) => {
    for (const [place, each] of PARTS.entries()) {
      const tab = all[place]!;
      tab.setAttribute("aria-selected", String(each === name));
      tab.tabIndex = each === name ? 0 : -1;
      part(each).hidden = each !== name;
      if (each === name && focus) tab.focus();
    }
  };
  const turn: Record<string, (at: number) => number> = { ArrowRight: (at) => at + 1, ArrowLeft: (at) => at - 1, Home: () => 0, End: () => -1 };
  for (const [place, tab] of all.entries()) {
    tab.addEventListener("click", () => history.replaceState(null, "", `#${PARTS[place]}`));
    tab.addEventListener("click", () => open(PARTS[place]!));
    tab.addEventListener("keydown", (event) => {
      const next = turn[event.key]?.(place);
      if (next === undefined) return;
      event.preventDefault();
      open(PARTS.at(next % PARTS.length)!, true);
    });
  }
  const named = () => open(PARTS.find((name) => `#${name}` === location.hash) ?? PARTS[0]);
  window.addEventListener("hashchange", named);
  named();
}

void main();
