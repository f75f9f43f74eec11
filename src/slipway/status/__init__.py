"""How the services of an environment stand: what one look finds, what it means, how it is shown.

`look` asks AWS in batches, `decide` is pure, `show` makes rows, notes and documents, `watch` looks
again and again.
"""
