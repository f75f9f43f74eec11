"""A release: from a folder to a verified service, with one truthful verdict."""
