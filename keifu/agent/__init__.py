"""Agents: made, paid and brought to life, what their keys may do, and ten chores that an owner signs for once.

plan       what is known before anything is sent: the token, its account, its keys; kept in a folder
wishes     what the owner wants, and up to how much
batch      the calls that one signature covers
errands    what is asked of relayer, providers of storage and of answers
chores     everything in its order; the same call goes on where another one ended
making     token, account and money
deploying  stored data, an identity, a session
trading    sales, clones and leases
standing   how an agent stands
spending   what its key does, within the session
card       what it says of itself: A2A's card and ERC-8004's file
mcp        tools for assistants
"""
