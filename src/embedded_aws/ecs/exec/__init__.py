"""ExecuteCommand: a shell in a container, over the data channel that Session Manager's clients use.

`messages` and `channel` are the protocol, both pure; `agent` says whether a container can be
entered; `sessions` are those that were asked for; `terminal` is the shell; `server` ties them
together on a WebSocket.
"""
