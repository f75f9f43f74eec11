"""A shell or a command in a running task: `choose` says in which, `wrapped` makes a command tell
its exit code, `session` speaks the protocol of Session Manager, `terminal` is the user's end."""
