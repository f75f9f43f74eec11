"""What differs between an environment and this checkout."""
