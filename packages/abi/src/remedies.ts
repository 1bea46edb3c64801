// `make abi` writes this file from the compiled contracts.

/** What helps against a reason, by words of it: the first row that fits. */
export const remedies = [
  ["the owner","the timelock does it: `keifu deploy change` queues such a call"],
  ["missing role","an account with that role of the timelock does it: `keifu deploy status` names them"],
  ["signature","sign again: chain, contract, nonce and deadline are part of what is signed"],
  ["deadline","sign again with a later deadline; the chain's clock counts"],
  ["expired","make it anew, with a later end; the chain's clock counts"],
  ["too early","wait: the chain's clock counts, not yours"],
  ["not the time","wait, or see whether the time for it is over"],
  ["transfer failed","look at the balance and at the allowance for this contract"],
  ["allowance","approve more coins for this contract"],
  ["balance","bring more coins, or ask for less"],
  ["nothing to claim","all that is vested so far was paid out; the next step of the schedule brings more"],
  ["not in the list","take index, total and proof of this account from the published list"],
  ["not matured","wait until the ticket matures; `ticket` of the hub says when"],
  ["no ticket","nothing is leaving there: it was paid out, or never asked for"],
  ["pool is full","choose another operator, or a smaller amount: its own coins bound what it may take"],
  ["below minimum stake","stake more, or all of it: the hub takes no smaller positions"],
  ["dust left","leave with everything, or leave more behind"],
  ["hub: too little","the worth has changed meanwhile: look again, and ask for what there is"],
  ["not enough shares","ask for less: there is not so much in this position"],
  ["unknown operator","choose an operator that has announced its terms"],
  ["operator retired","choose another operator: this one takes no more stake"],
  ["record is registered","nothing is to be done: this very record stands in the registry"],
  ["unknown parent","register the parent first, or give the id of one that is registered"],
  ["parent is revoked","build on a record that stands"],
  ["already","nothing is to be done: it has happened before"],
  ["token is no contract","name the address of the token on this chain"],
  ["zero","give an address or an amount that is not zero"],
  ["","change the call so that the condition holds; `keifu explain` shows it"]
] as const;

/** What to do about a reason, in general. */
export const remedyOf = (reason: string): string =>
  remedies.find(([words]) => reason.includes(words))?.[1] ?? "";
