"""Removing what nothing needs any more: images, revisions, versions of states, workspaces."""
