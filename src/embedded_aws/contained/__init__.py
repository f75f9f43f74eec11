"""The embedded AWS in a container of its own, where tasks can't be reached from the host."""
