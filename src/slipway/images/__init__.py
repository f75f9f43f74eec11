"""Images: what to build (pure), how to ask Docker for it (argv), and doing it."""
