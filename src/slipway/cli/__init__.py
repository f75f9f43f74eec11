"""What a user types: parses, hands over to the engine, and says how it ended."""
