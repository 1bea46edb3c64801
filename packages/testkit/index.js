// A chain with the whole suite, started from the folder that `keifu chain save --out FOLDER` has written.
import { spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { addressesOf } from "@keifu/abi";
import { createPublicClient, createTestClient, createWalletClient, defineChain, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";

const FORMAT = "keifu-kit/1";
const REMEDY = "`keifu chain save --out FOLDER` writes a kit";
const LISTENING = /Listening on (\S+)/;
const POLL_MS = 50;
// The chain ends when this process does, however it ends.
const ATTENDED = '"$@" </dev/null & exec >/dev/null 2>&1; read -r _; kill $!; wait $!';

/** Run the chain of a kit. */
export async function startKit(folder, { anvil = "anvil" } = {}) {
  const kit = readKit(folder);
  const { child, url } = await started(anvil, ["--load-state", join(folder, "state.json"), "--timestamp", String(kit.time), ...kit.anvil]);
  const chain = defineChain({
    id: kit.chain_id,
    name: "Keifu test kit",
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [url] } },
  });
  const options = { chain, transport: http(url), pollingInterval: POLL_MS, cacheTime: 0 };
  const testClient = createTestClient({ ...options, mode: "anvil" });
  // A second a block, as the Python kit has it: what happens repeats.
  await testClient.setBlockTimestampInterval({ interval: 1 });
  const publicClient = createPublicClient(options);
  const record = readJson(join(folder, `${kit.chain_id}.json`));
  const addresses = addressesOf(record, kit.chain_id);
  const account = (role) => {
    const found = kit.accounts[role];
    if (!found) throw new Error(`there is no role ${role}: one of ${Object.keys(kit.accounts).join(", ")}`);
    return privateKeyToAccount(found.key);
  };
  return {
    url, chain, record, addresses, account, testClient, publicClient,
    walletClient: (role) => createWalletClient({ ...options, account: account(role) }),
    contract: ({ name, abi }) => {
      if (!addresses[name]) throw new Error(`this kit has no ${name}: it has ${Object.keys(addresses).join(", ")}`);
      return { abi, address: addresses[name] };
    },
    grant: (role) => lineOf(folder, account(role).address),
    warp: async (seconds) => {
      const { timestamp } = await publicClient.getBlock();
      await testClient.setNextBlockTimestamp({ timestamp: timestamp + BigInt(seconds) });
      await testClient.mine({ blocks: 1 });
    },
    undoing: async (test) => {
      const id = await testClient.snapshot();
      try {
        return await test();
      } finally {
        await testClient.revert({ id });
      }
    },
    stop: () => ended(child),
  };
}

function readKit(folder) {
  const kit = readJson(join(folder, "kit.json"));
  if (kit.format !== FORMAT) throw new Error(`${folder} has a kit of format ${kit.format}, not ${FORMAT}: ${REMEDY}`);
  return kit;
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Error(`cannot read ${path}: ${error.message}; ${REMEDY}`);
  }
}

/** The account's line of the published list, as the distributor takes it. */
function lineOf(folder, address) {
  const proofs = join(folder, "grants", "proofs");
  let names;
  try {
    names = readdirSync(proofs).filter((name) => name.endsWith(".jsonl"));
  } catch {
    throw new Error(`this kit has no list of grants: save a chain that was started with --with-grants`);
  }
  for (const name of names) {
    for (const text of readFileSync(join(proofs, name), "utf8").split("\n").filter(Boolean)) {
      const line = JSON.parse(text);
      if (line.account.toLowerCase() === address.toLowerCase()) return [BigInt(line.index), address, BigInt(line.total), line.proof];
    }
  }
  throw new Error(`${address} has no grant in this kit`);
}

function started(anvil, options) {
  const command = ["-c", ATTENDED, "sh", anvil, "--host", "127.0.0.1", "--port", "0", ...options];
  const child = spawn("sh", command, { stdio: ["pipe", "pipe", "pipe"] });
  const said = [];
  return new Promise((resolve, reject) => {
    const hear = (line) => {
      said.push(line);
      const found = LISTENING.exec(line);
      if (!found) return;
      for (const one of [child, ...child.stdio]) one?.unref(); // a test that forgets `stop` ends nevertheless
      resolve({ child, url: `http://${found[1]}` });
    };
    const lines = [child.stdout, child.stderr].map((stream) => createInterface({ input: stream }));
    for (const one of lines) one.on("line", hear);
    child.on("error", reject);
    // Both streams end with the chain, while the shell still waits for this process.
    lines[0].on("close", () => {
      child.stdin.end();
      reject(new Error(`${anvil} did not start: ${said.slice(-3).join(" ") || "no output"}; install Foundry, or name it: { anvil: "…/anvil" }`));
    });
  });
}

function ended(child) {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.ref();
    child.on("exit", () => resolve());
    child.stdin.end();
  });
}
