"""ECS as it decides and speaks: the service scheduler, stopping with draining, container settings.

`decide` chooses and `records` keeps the books, both pure; `scheduler` and `stopping` act. The
functions of MiniStack that this replaces are named in `patches.ecs`.
"""
