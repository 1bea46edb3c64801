// What a flow is given: by which library it acts, the chain's address, its deployment record, and a private key with ether
// and coins for each role. Printed is what each step found, a line of JSON each; whoever called compares.
import { readFileSync } from "node:fs";
import * as keifu from "@keifu/abi";

const [, , library, path] = process.argv;
export const scene = JSON.parse(readFileSync(path, "utf8"));
export const { account, read, write, refusal, sign, hash, data } = (await import(`./${library}`)).library(scene.rpc);
export const chainId = scene.record.chain_id;
export const addresses = keifu.addressesOf(scene.record, chainId);
export const at = (config) => ({ abi: config.abi, address: addresses[config.name] });
export const COIN = 10n ** 18n;
export const NOTHING = `0x${"00".repeat(32)}`;
export const say = (step, found) =>
  console.log(JSON.stringify({ step, found }, (_, value) => (typeof value === "bigint" ? value.toString() : value)));
export const logged = (logs, name) => logs.find((log) => log.eventName === name).args;

const token = at(keifu.keifuTokenConfig);

/** Let a contract take coins, by the owner's signature alone; anybody sends it. */
export async function permit(key, spender, value) {
  const message = {
    owner: account(key),
    spender,
    value,
    nonce: await read(token, "nonces", [account(key)]),
    deadline: scene.deadline,
  };
  const domain = keifu.keifuTokenDomain(chainId, token.address);
  const signature = await sign(key, { domain, ...keifu.keifuTokenPermit, message });
  const half = (from, to) => `0x${signature.slice(2).slice(from, to)}`;
  const parts = [Number(half(128, 130)), half(0, 64), half(64, 128)];
  await write(scene.keys.receiver, token, "permit", [message.owner, spender, value, message.deadline, ...parts]);
}

/** Become an operator with coins behind a service. */
export async function lock(key, service, amount) {
  const hub = at(keifu.stakingHubConfig);
  await write(key, hub, "register_operator", [500n, "https://operator.example"]);
  await permit(key, hub.address, amount);
  return logged(await write(key, hub, "lock", [service, account(key), amount]), "Locked");
}

/** Let the chain's clock go on. */
export async function wait(seconds) {
  for (const [method, params] of [["evm_increaseTime", [seconds]], ["evm_mine", []]]) {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    await fetch(scene.rpc, { method: "POST", headers: { "content-type": "application/json" }, body });
  }
}

/** A record as the registry takes it; `more` replaces fields. */
export const recordOf = (author, digest, more = {}) => ({
  author,
  kind: 1,
  digest,
  contentRoot: NOTHING,
  programRoot: NOTHING,
  manifest: NOTHING,
  uri: "https://data.example",
  licence: "CC-BY-4.0",
  version: "1",
  links: [],
  ...more,
});
