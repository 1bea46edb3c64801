// Answers one bundle a line: {"bundle": base64, "trust": {…}, "question": {…}} to the check that refuses it, or "".
import { createInterface } from "node:readline";
import { readTrust, Refused, verifyBundle } from "../dist/index.js";

for await (const line of createInterface({ input: process.stdin })) {
  const { bundle, trust, question } = JSON.parse(line);
  let answer = { check: "" };
  try {
    const shown = verifyBundle(Buffer.from(bundle, "base64"), readTrust(trust), question);
    answer = { check: "", root: shown.root, records: shown.entries.size, inOrder: shown.inOrder };
    if (shown.authorIsTrusted !== undefined) answer.authorIsTrusted = shown.authorIsTrusted;
  } catch (error) {
    answer = error instanceof Refused ? { check: error.check, why: error.message } : { check: "broken", why: error.stack };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
