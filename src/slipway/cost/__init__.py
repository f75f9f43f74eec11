"""What an environment costs a month, from its configuration and a dated price table.

prices.toml holds prices, sources and assumptions; prices.py reads it. rates.py knows, by type of
resource, what is charged; estimate.py adds it up (both pure). mocked.py gets the resources out of
Terraform, without an account; page.py writes the tables of docs/cost.md.
"""
