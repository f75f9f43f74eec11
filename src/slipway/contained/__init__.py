"""The embedded AWS in a container of its own: whether, of which image, and how it is started."""
