// One flow of each area, by either library:
//
//     node flow.mjs with_viem.mjs scene.json
import * as keifu from "@keifu/abi";
import {
  COIN, NOTHING, account, addresses, at, chainId, data, hash, lock, logged, permit, read, recordOf, refusal, say, scene,
  sign, write,
} from "./scene.mjs";

const { owner, operator, author, payer, receiver, session } = scene.keys;
const token = at(keifu.keifuTokenConfig);

// stake
const hub = at(keifu.stakingHubConfig);
const service = addresses.HeartbeatService;
const locked = await lock(operator, service, 10n * COIN);
say("stake", [locked.amount, locked.operator === account(operator), await read(hub, "lock_of", [service, account(operator)])]);
say("refused", await refusal(owner, hub, "stake", [account(operator), 10n * COIN, 0n, 0n]));

// register
const registry = at(keifu.provenanceRegistryConfig);
const domain = keifu.provenanceRegistryDomain(chainId, registry.address);
const record = recordOf(account(author), `0x${"ab".repeat(32)}`);
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
