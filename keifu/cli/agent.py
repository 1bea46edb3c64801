"""`keifu agent`: the verbs, each imported when it is called."""

from __future__ import annotations

from keifu.cli.verbs import LazyNoun

__all__ = ["VERBS", "cli"]

# verb: (place, one line for the list)
VERBS = {
    "plan": ("keifu.cli.agent_begin:plan", "Encrypt a new agent's files, and print the address of its account."),
    "begin": ("keifu.cli.agent_begin:begin", "Do ten chores for a new agent by one signature."),
    "create": ("keifu.cli.agent_life:create", "Make an agent of files: token, account and keys."),
    "take": ("keifu.cli.agent_life:take", "Take over an agent that you bought, or had cloned."),
    "fund": ("keifu.cli.agent_life:fund", "Give an agent's account coins, and its key ether."),
    "deploy": ("keifu.cli.agent_life:deploy", "Store an agent's data, register it, let its key act."),
    "status": ("keifu.cli.agent_life:status", "Show how an agent stands, and what its key may still do."),
    "serve": ("keifu.cli.agent_serve:serve", "Serve reads, and what an agent's key may do, as tools (MCP)."),
    "card": ("keifu.cli.agent_serve:card", "Write what an agent says of itself: A2A's card, ERC-8004's file."),
    "lease": ("keifu.cli.agent_trade:lease", "Let anybody lease an agent's data on your terms."),
    "sell": ("keifu.cli.agent_trade:sell", "Sell an agent with its data, encrypted anew for its buyer."),
    "clone": ("keifu.cli.agent_trade:clone", "Have a clone of an agent made for somebody."),
    "register": ("keifu.cli.agent_make:register", "Make an agent of yours, and print its number."),
    "list": ("keifu.cli.agent_make:agents", "List every agent, its owner and its data."),
    "show": ("keifu.cli.agent_make:show", "Show an agent: owner, file, wallet, data, editions, clients."),
    "describe": ("keifu.cli.agent_make:describe", "Say where an agent's file is, or write one of its values."),
    "bind": ("keifu.cli.agent_make:bind", "Let an agent's data be that of a token of yours."),
    "unbind": ("keifu.cli.agent_make:unbind", "Let an agent's data be that of no token any more."),
    "agree-wallet": ("keifu.cli.agent_make:agree_wallet", "Agree to be an agent's wallet."),
    "set-wallet": ("keifu.cli.agent_make:set_wallet", "Give an agent the wallet that has agreed."),
    "unset-wallet": ("keifu.cli.agent_make:unset_wallet", "Leave an agent without a wallet."),
    "transfer": ("keifu.cli.agent_make:transfer", "Give an agent away, without its wallet."),
    "feedback": ("keifu.cli.agent_say:feedback", "Say how an agent did."),
    "revoke": ("keifu.cli.agent_say:revoke", "Take back what you have said of an agent."),
    "respond": ("keifu.cli.agent_say:respond", "Respond to what a client said of an agent."),
    "reviews": ("keifu.cli.agent_say:reviews", "List what clients said of an agent."),
    "summary": ("keifu.cli.agent_say:summary", "Show the mean of what clients that you name said of an agent."),
    "note-change": ("keifu.cli.agent_say:note_change", "Note that an agent has other data: its summaries begin anew."),
    "carry": ("keifu.cli.agent_say:carry", "Say in public that an agent's new data deserves the old reputation."),
    "ask": ("keifu.cli.agent_validate:ask", "Ask a validator about your agent."),
    "answer": ("keifu.cli.agent_validate:answer", "Answer as the validator that was asked."),
    "validations": (
        "keifu.cli.agent_validate:validations",
        "List what validators were asked of an agent, and answered.",
    ),
    "ask-faults": ("keifu.cli.agent_validate:ask_faults", "Ask whether the court has convicted your agent's operator."),
    "answer-faults": ("keifu.cli.agent_validate:answer_faults", "Have that answered from what the court knows."),
    "record": ("keifu.cli.agent_validate:record", "Register a record of your agent's data, for audits of it."),
    "ask-audit": ("keifu.cli.agent_validate:ask_audit", "Ask whether an audit of your agent's data stands."),
    "answer-audit": ("keifu.cli.agent_validate:answer_audit", "Have that answered from the registry of provenance."),
}

cli = LazyNoun(
    "agent",
    VERBS,
    help="Make agents and let them act; register them, say how they did, and have validators answer for them.",
    example="keifu agent list",
)
