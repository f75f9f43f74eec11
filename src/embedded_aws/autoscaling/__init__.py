"""Application Auto Scaling: its API, and target tracking that really changes desired counts.

`targets`, `policies`, `actions` and `tags` answer the API over a `Store`; `alarms` and `decide` are
pure; `tracker` acts. `service` registers it all.
"""
