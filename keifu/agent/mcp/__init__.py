"""A server of tools for assistants (Model Context Protocol): what the system knows, and what an agent's key may do.

messages  JSON-RPC and the protocol's versions, without input or output
tools     a tool, what it takes, and how its answer or fault is said
reads     tools that read
spends    tools that act through the agent's account, within its session
lines     over standard input and output
web       over HTTP, with the documents that describe the agent
"""
