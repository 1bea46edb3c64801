// What holders, accusers, clients of storage and owners of agents do, by either library:
//
//     node people.mjs with_viem.mjs scene.json
import * as keifu from "@keifu/abi";
import {
  COIN, account, addresses, at, chainId, lock, logged, permit, read, recordOf, refusal, say, scene, sign, wait, write,
} from "./scene.mjs";

const { holder, accused, author, watcher, provider, payer, receiver, owner } = scene.keys;
const token = at(keifu.keifuTokenConfig);
const bytes = (value, size) => BigInt(value).toString(16).padStart(2 * size, "0");
const hex = (...parts) => `0x${parts.map((part) => part.replace(/^0x/, "")).join("")}`;

// claim
const { index, total, proof } = scene.grant;
const grant = [BigInt(index), account(holder), BigInt(total), proof];
const distributor = at(keifu.tgeDistributorConfig);
const due = await read(distributor, "claimable", grant.slice(0, 3));
const before = await read(token, "balanceOf", [account(holder)]);
await write(receiver, distributor, "claim", grant);
say("claim", [due > 0n, (await read(token, "balanceOf", [account(holder)])) - before >= due]);
say("refused", await refusal(receiver, distributor, "claim", [grant[0], account(receiver), grant[2], proof]));

// accuse
const registry = at(keifu.provenanceRegistryConfig);
const environments = at(keifu.environmentsConfig);
const heartbeats = at(keifu.heartbeatServiceConfig);
const promoted = recordOf(account(author), scene.digest, { kind: 4 });
const { id } = logged(await write(author, registry, "register", [promoted]), "Registered");
// ethers cannot tell functions of one name apart when an argument may be options of the call: it is given one of them.
const whole = environments.abi.filter((entry) => entry.name !== "declare_environment" || entry.inputs.length === 4);
const places = { ...environments, abi: whole };
await write(author, places, "declare_environment", ["production", [], false, account(payer)]);
const environment = await read(environments, "environment_id", [account(author), "production"]);
await write(author, environments, "promote", [environment, id]);
await lock(accused, heartbeats.address, 2_000n * COIN);
const bound = logged(await write(accused, heartbeats, "bind", [environment, BigInt(scene.deadline)]), "Bound");
await wait(60);
const message = {
  node: account(accused),
  environment,
  promotionSeq: 1n,
  digest: `0x${"cd".repeat(32)}`,
  time: bound.since,
};
const environmentsDomain = keifu.environmentsDomain(chainId, environments.address);
const lie = await sign(accused, { domain: environmentsDomain, ...keifu.environmentsHeartbeat, message });
await write(watcher, heartbeats, "commit", [await read(heartbeats, "evidence_of", [message, lie, account(watcher)])]);
const reported = logged(await write(watcher, heartbeats, "report", [message, lie, promoted]), "Reported");
say("accuse", [reported.operator === account(accused), reported.restitution, reported.reward]);
say("refused", await refusal(watcher, heartbeats, "report", [message, lie, promoted]));

// storage deal
const market = at(keifu.storageMarketConfig);
const deals = at(keifu.storageDealsConfig);
await lock(provider, market.address, 2_000n * COIN);
await permit(payer, deals.address, 100n * COIN);
const epoch = await read(market, "epoch", []);
const end = epoch + 20n;
const { shard, leaves, root } = scene.deal;
const price = 10n ** 9n;
const restitution = 100n * 10n ** 9n;
const opened = logged(
  await write(payer, deals, "open", [root, 1n, price, restitution, epoch + 1n, end, false, scene.salt]),
  "DealOpened",
);
const deadline = BigInt(scene.deadline);
const acceptance = { deal: opened.deal, index: 0n, token: opened.token, price, restitution, end, deadline };
const accepted = await sign(provider, {
  domain: keifu.storageDealsDomain(chainId, deals.address),
  ...keifu.storageDealsAcceptance,
  message: acceptance,
});
await write(receiver, deals, "accept_signed", [
  opened.deal,
  [{ provider: account(provider), shard, leaves: BigInt(leaves), deadline: acceptance.deadline, signature: accepted }],
]);
const kept = await read(deals, "shard", [opened.deal, 0n]);
say("deal", [opened.client === account(payer), kept.provider === account(provider), kept.state]);

// mint and iTransfer
const nft = at(keifu.intelligentNFTConfig);
const hub = at(keifu.stakingHubConfig);
const { old, item } = scene.agent;
const minted = logged(
  await write(owner, nft, "mint_data", [account(owner), BigInt(scene.salt) + 1n, [old], 0n, true, 0n, 0n, 0n]),
  "Transfer",
);
const domain = keifu.dataVerifierDomain(chainId, addresses.DataVerifier);
const said = {
  token: nft.address,
  tokenId: minted.tokenId,
  cloneId: 0n,
  from: account(owner),
  to: account(receiver),
  nonce: scene.salt,
  deadline: BigInt(scene.deadline),
};
const now = await read(hub, "epoch", []);
const statement = {
  domain,
  ...keifu.dataVerifierStatement,
  message: { ...said, items: [{ oldDataHash: old, ...item }], backing: 0n, epoch: now },
};
const { newDataHash, encryptedPubKey, sealedKey, keyHash } = item;
const access = {
  domain,
  ...keifu.dataVerifierAccess,
  message: { ...said, data: [{ oldDataHash: old, newDataHash, encryptedPubKey }] },
};
/** The 64 bytes of EIP-2098. */
const compact = (full) => {
  const [r, s, v] = [full.slice(2, 66), BigInt(`0x${full.slice(66, 130)}`), Number(`0x${full.slice(130)}`)];
  return r + bytes(s | (BigInt(v - 27) << 255n), 32);
};
const attestors = scene.attestors.toSorted((a, b) => (BigInt(account(a)) < BigInt(account(b)) ? -1 : 1));
const terms = bytes(0, 12) + bytes(now, 4) + bytes(scene.deadline, 5) + bytes(chainId, 8) + bytes(0, 3);
const signatures = await Promise.all(attestors.map(async (key) => compact(await sign(key, statement))));
const same = { oldDataHash: old, newDataHash, nonce: scene.salt, encryptedPubKey };
await write(owner, nft, "iTransfer", [
  account(receiver),
  minted.tokenId,
  [
    {
      accessProof: { ...same, proof: await sign(receiver, access) },
      ownershipProof: { ...same, oracleType: 0, sealedKey, proof: hex(keyHash, terms, ...signatures) },
    },
  ],
]);
const [moved] = await read(nft, "intelligentDataOf", [minted.tokenId]);
say("agent", [(await read(nft, "ownerOf", [minted.tokenId])) === account(receiver), moved.dataHash === newDataHash]);
say("refused", await refusal(receiver, nft, "transferFrom", [account(receiver), account(owner), minted.tokenId]));
process.exit(0);
