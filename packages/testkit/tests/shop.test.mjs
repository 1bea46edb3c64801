// What a dApp team writes: nothing here is of the repository.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { keifuTokenConfig, stakingHubConfig, tgeDistributorConfig } from "@keifu/abi";
import { startKit } from "@keifu/testkit";

const COIN = 10n ** 18n;
let kit;
before(async () => {
  kit = await startKit(process.env.KEIFU_KIT, { anvil: process.env.ANVIL });
});
after(() => kit.stop());

const balance = () =>
  kit.publicClient.readContract({ ...kit.contract(keifuTokenConfig), functionName: "balanceOf", args: [kit.account("holder").address] });

async function claim() {
  const hash = await kit.walletClient("holder").writeContract({ ...kit.contract(tgeDistributorConfig), functionName: "claim", args: kit.grant("holder") });
  return kit.publicClient.waitForTransactionReceipt({ hash });
}

for (const time of ["once", "again"]) {
  test(`a grant is claimed, ${time}`, () =>
    kit.undoing(async () => {
      const had = await balance();
      const receipt = await claim();
      assert.equal(receipt.status, "success");
      assert.equal(await balance(), had + 381n * COIN);
      await assert.rejects(claim, /distributor: nothing to claim/);
    }));
}

test("a month later a step more is due", () =>
  kit.undoing(async () => {
    await claim();
    const had = await balance();
    await kit.warp(31 * 86_400);
    await claim();
    assert.ok((await balance()) > had);
  }));

test("the operator of the kit has stake", async () => {
  const operator = kit.account("operator").address;
  const state = await kit.publicClient.readContract({ ...kit.contract(stakingHubConfig), functionName: "operator_state", args: [operator] });
  assert.equal(state.delegated, 500n * COIN);
});

test("what is not there is said in words", async () => {
  assert.throws(() => kit.account("nobody"), /there is no role nobody: one of deployer, holder/);
  assert.throws(() => kit.grant("node"), /has no grant in this kit/);
  assert.throws(() => kit.contract({ name: "Bank", abi: [] }), /this kit has no Bank/);
  await assert.rejects(startKit("/nowhere"), /cannot read .*kit.json.*keifu chain save/);
  await assert.rejects(startKit(process.env.KEIFU_KIT, { anvil: "no-such-anvil" }), /no-such-anvil did not start/);
});
