// Amounts as people write them, in the decimals of the token.
import { formatUnits, parseUnits } from "viem";

export interface Coin {
  readonly symbol: string;
  readonly decimals: number;
}

const SHOWN = 4; // decimals; the whole amount stands in the title

/** `1,143.25 KEIFU`: rounded down, so that nobody is shown more than there is. */
export function amount(value: bigint, { symbol, decimals }: Coin): string {
  const [whole = "0", rest = ""] = formatUnits(value, decimals).split(".");
  const kept = rest.slice(0, SHOWN).replace(/0+$/, "");
  if (whole === "0" && !kept && value > 0n) return `< ${smallest(decimals)} ${symbol}`;
  return `${grouped(whole)}${kept ? `.${kept}` : ""} ${symbol}`;
}

/** Every digit. */
export const exact = (value: bigint, { symbol, decimals }: Coin): string => `${formatUnits(value, decimals)} ${symbol}`;

/** What somebody has typed, or words that say why it is no amount. */
export function typed(text: string, { decimals }: Coin): bigint | string {
  const plain = text.trim();
  if (!/^\d{1,30}(\.\d+)?$/.test(plain)) return "Write a number such as 12.5, without commas.";
  if ((plain.split(".")[1] ?? "").length > decimals) return `At most ${decimals} digits behind the point.`;
  const value = parseUnits(plain, decimals);
  return value > 0n ? value : "Write an amount above zero.";
}

const grouped = (digits: string): string => digits.replace(/\B(?=(\d{3})+$)/g, ",");
const smallest = (decimals: number): string => formatUnits(10n ** BigInt(Math.max(decimals - SHOWN, 0)), decimals);

/** `28 Nov 2026, 14:05`, in the reader's own time. */
export const moment = (seconds: bigint | number): string =>
  new Date(Number(seconds) * 1_000).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
