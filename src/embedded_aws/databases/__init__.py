"""Real PostgreSQL and Redis behind the APIs of RDS and ElastiCache.

MiniStack keeps the books of both services; the servers are ours: containers with addresses that
stay (`network`), certificates of one authority (`authority`), data on a volume that outlives them,
backups that can be restored (`postgres`), access lists as the user groups say (`redis`).
"""
