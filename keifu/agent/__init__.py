"""An agent's beginning: ten chores that its owner signs for once.

plan      what is known before anything is sent: the token, its account, its keys; kept in a folder
wishes    what the owner wants, and up to how much
batch     the calls that one signature covers
errands   what is asked of relayer, providers of storage and of answers
chores    everything in its order; the same call goes on where another one ended
"""
