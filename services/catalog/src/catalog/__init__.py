"""Products, their prices, and a welcome."""
