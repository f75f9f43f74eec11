"""Rolling a new revision out, and telling how that ended."""
