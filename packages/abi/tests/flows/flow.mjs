// One flow of each area, by either library:
//
//     node flow.mjs with_viem.mjs scene.json
//
// The scene has the chain's address, its deployment record, and a private key with ether and coins for each role.
// Printed is what each step found, a line of JSON each; whoever called compares.
import { readFileSync } from "node:fs";
import * as keifu from "@keifu/abi";

const [, , library, path] = process.argv;
const scene = JSON.parse(readFileSync(path, "utf8"));
const { account, read, write, refusal, sign, hash, data } = (await import(`./${library}`)).library(scene.rpc);
const chainId = scene.record.chain_id;
const addresses = keifu.addressesOf(scene.record, chainId);
const at = (config) => ({ abi: config.abi, address: addresses[config.name] });
const { owner, operator, author, payer, receiver, session } = scene.keys;
const token = at(keifu.keifuTokenConfig);
const COIN = 10n ** 18n;
const NOTHING = `0x${"00".repeat(32)}`;
const say = (step, found) =>
  console.log(JSON.stringify({ step, found }, (_, value) => (typeof value === "bigint" ? value.toString() : value)));
const logged = (logs, name) => logs.find((log) => log.eventName === name).args;

/** Let a contract take coins, by the owner's signature alone. */
async function permit(key, spender, value) {
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
  await write(receiver, token, "permit", [message.owner, spender, value, message.deadline, ...parts]);
}

// stake
const hub = at(keifu.stakingHubConfig);
const service = addresses.HeartbeatService;
await write(operator, hub, "register_operator", [500n, "https://operator.example"]);
await permit(operator, hub.address, 10n * COIN);
const locked = logged(await write(operator, hub, "lock", [service, account(operator), 10n * COIN]), "Locked");
say("stake", [locked.amount, locked.operator === account(operator), await read(hub, "lock_of", [service, account(operator)])]);
say("refused", await refusal(owner, hub, "stake", [account(operator), 10n * COIN, 0n, 0n]));

// register
const registry = at(keifu.provenanceRegistryConfig);
const domain = keifu.provenanceRegistryDomain(chainId, registry.address);
const record = {
  author: account(author),
  kind: 1,
  digest: `0x${"ab".repeat(32)}`,
  contentRoot: NOTHING,
  programRoot: NOTHING,
  manifest: NOTHING,
  uri: "https://data.example",
  licence: "CC-BY-4.0",
  version: "1",
  links: [],
};
const register = { domain, ...keifu.provenanceRegistryRegister, message: { record, nonce: 0n, deadline: scene.deadline } };
const known = logged(
  await write(receiver, registry, "register_for", [record, scene.deadline, await sign(author, register)]),
  "Registered",
);
say("register", [known.author === account(author), known.digest === record.digest]);

// channel
const channels = at(keifu.channelsConfig);
const config = {
  payer: account(payer),
  payerAuthorizer: account(payer),
  receiver: account(receiver),
  receiverAuthorizer: account(receiver),
  token: token.address,
  withdrawDelay: 86_400,
  salt: scene.salt,
};
await permit(payer, channels.address, 5n * COIN);
await write(payer, channels, "deposit", [config, 5n * COIN, channels.address, "0x"]);
const channelId = hash(keifu.channelTypedData(chainId, channels.address, config));
const signature = await sign(payer, keifu.voucherTypedData(chainId, channels.address, channelId, 2n * COIN));
await write(receiver, channels, "claim", [
  [{ voucher: { channel: config, maxClaimableAmount: 2n * COIN }, signature, totalClaimed: 2n * COIN }],
]);
const [balance, totalClaimed] = await read(channels, "channels", [channelId]);
say("channel", [(await read(channels, "getChannelId", [config])) === channelId, balance, totalClaimed]);

// session
const nft = at(keifu.intelligentNFTConfig);
const accounts = at(keifu.accountRegistryConfig);
const minted = logged(await write(owner, nft, "mint", [account(owner), BigInt(scene.salt)]), "Transfer");
const place = [addresses.AgentAccount, NOTHING, BigInt(chainId), nft.address, minted.tokenId];
await write(owner, accounts, "createAccount", place);
const agent = { abi: keifu.agentAccountAbi, address: await read(accounts, "account", place) };
await write(owner, token, "transfer", [agent.address, 3n * COIN]);
const spend = (amount) => [token.address, 0n, data(token, "transfer", [account(receiver), amount])];
await write(owner, agent, "grant_session", [
  {
    key: account(session),
    valid_after: 0n,
    valid_until: BigInt(scene.deadline),
    uses: 3n,
    period: 86_400n,
    targets: [{ target: token.address, selector: "0xa9059cbb" }],
    limits: [{ token: token.address, amount: COIN }],
  },
]);
const before = await read(token, "balanceOf", [account(receiver)]);
await write(session, agent, "execute_session", spend(COIN));
say("session", [(await read(token, "balanceOf", [account(receiver)])) - before]);
say("refused", await refusal(session, agent, "execute_session", spend(1n)));
process.exit(0);
