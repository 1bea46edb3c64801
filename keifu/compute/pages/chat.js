// A chat with a model of this node. Each reply is compared with its receipt while it comes.
"use strict";

const { Keccak, keccak, hex, text, idsRoot, readReceipt } = globalThis.receipts;
const RECEIPT = ": keifu-receipt ";
const EVIDENCE = ["unverified", "attested", "re-executed", "proved"];
const at = (id) => document.getElementById(id);
const messages = [];
let terms = null;

function element(name, className, words = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = words;
  return made;
}

async function begin() {
  terms = await (await fetch("/chat/terms")).json();
  for (const model of terms.models) at("model").append(new Option(model, model));
  at("about").textContent = terms.models.length
    ? `Receipts are compared for market ${terms.market} on chain ${terms.chain_id}, as this node names them.`
    : "This node serves no model that chats.";
  at("send").disabled = !terms.models.length;
}

// One event of the stream: its text goes on the page, its ids are kept.
function take(event, reply, bubble) {
  const document_ = JSON.parse(event);
  if (document_.error) throw new Error(document_.error.message);
  if (document_.prompt_token_ids) reply.prompt = document_.prompt_token_ids;
  if (document_.usage) reply.usage = document_.usage;
  for (const choice of document_.choices) {
    reply.ids.push(...(choice.token_ids || []));
    reply.text += choice.delta.content || "";
  }
  bubble.textContent = reply.text;
}

// Reads the stream; all bytes but the receipt's comment are hashed as they come.
async function read(body, reply, bubble) {
  const hash = new Keccak(), reader = body.getReader(), decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    rest += decoder.decode(value, { stream: !done });
    for (let end; (end = rest.indexOf("\n\n")) >= 0; rest = rest.slice(end + 2)) {
      const event = rest.slice(0, end);
      if (event.startsWith(RECEIPT)) { reply.receipt = event.slice(RECEIPT.length); continue; }
      if (reply.receipt) throw new Error("something stands behind the receipt");
      hash.add(text(event + "\n\n"));
      if (event.startsWith("data: {")) take(event.slice(6), reply, bubble);
    }
    if (done) break;
  }
  if (rest) throw new Error("the reply was cut off");
  reply.hash = hash.end();
}

// What was compared, each as [what, whether it holds, words].
function compared(request, reply) {
  if (!reply.receipt) return [["receipt", false, "none came: nothing stands behind this reply"]];
  let receipt;
  try {
    receipt = readReceipt(reply.receipt, terms.chain_id, terms.market);
  } catch (error) {
    return [["receipt", false, error.message]];
  }
  reply.evidence = EVIDENCE[Number(receipt.evidence)] || "unknown";
  const same = (name, own, said, words) => [name, hex(own) === hex(said), words];
  const found = [
    same("request", keccak(text(request)), receipt.requestHash, "what was sent"),
    same("reply", reply.hash, receipt.responseHash, "what came"),
  ];
  if (reply.prompt && reply.ids.length) {
    const counts = Number(receipt.inputUnits) === reply.prompt.length
      && Number(receipt.outputUnits) === reply.ids.length;
    found.push(same("tokens in", idsRoot(reply.prompt), receipt.inputRoot, `${reply.prompt.length} ids`));
    found.push(same("tokens out", idsRoot(reply.ids), receipt.outputRoot, `${reply.ids.length} ids`));
    found.push(["count", counts, `${receipt.inputUnits} in, ${receipt.outputUnits} out`]);
  }
  found.push(["price", receipt.fee <= receipt.charged, `${receipt.fee}, charged so far ${receipt.charged}`]);
  found.push(["signature", true, `by ${receipt.signer}`]);
  return found;
}

// The words under a reply are never stronger than what was compared here.
function judge(found, reply, under) {
  const wrong = found.filter(([, holds]) => !holds);
  under.replaceChildren();
  const word = wrong.length ? "refused" : "unverified";
  under.dataset.word = word;
  under.append(element("strong", word, wrong.length ? "Do not use this reply" : "Unverified"));
  const why = wrong.length
    ? ` — ${wrong.map(([name, , words]) => `${name}: ${words}`).join("; ")}. Its receipt is evidence: keep it.`
    : " — its provider's word, signed. Compared here: "
      + found.map(([name, , words]) => `${name} (${words})`).join(", ") + ". "
      + (reply.evidence === "unverified" ? "" : `The receipt says “${reply.evidence}”. `)
      + "Not compared here: whose key that is, what is promoted, and the computation itself.";
  under.append(document.createTextNode(why));
  if (reply.receipt) {
    const details = element("details", "");
    details.append(element("summary", "", "receipt"), element("code", "", reply.receipt));
    under.append(details);
  }
}

async function ask(question) {
  messages.push({ role: "user", content: question });
  at("chat").append(element("p", "user", question));
  const bubble = element("p", "assistant", "…"), under = element("div", "evidence", "being compared…");
  at("chat").append(bubble, under);
  const request = JSON.stringify({ model: at("model").value, messages, stream: true, max_tokens: +at("most").value });
  const reply = { text: "", ids: [], prompt: null, usage: null, receipt: "", hash: null, evidence: "unverified" };
  try {
    const headers = { "content-type": "application/json" };
    if (at("key").value) headers.authorization = `Bearer ${at("key").value}`;
    const answer = await fetch("/v1/chat/completions", { method: "POST", headers, body: request });
    if (answer.status === 402) throw new Error("this has to be paid for: enter a key (kf-…)");
    if (!answer.ok) throw new Error((await answer.json()).error.message);
    await read(answer.body, reply, bubble);
    const found = compared(request, reply);
    judge(found, reply, under);
    if (found.every(([, holds]) => holds)) messages.push({ role: "assistant", content: reply.text });
    else messages.pop();
  } catch (error) {
    messages.pop();
    under.dataset.word = "failed";
    under.textContent = `No reply: ${error.message}`;
  }
}

at("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const question = at("question").value.trim();
  if (!question) return;
  at("question").value = "";
  at("send").disabled = true;
  await ask(question);
  at("send").disabled = false;
  at("question").focus();
});
begin();
