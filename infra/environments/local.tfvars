# The environment on your own machine. Nothing leaves it, so that it needs no NAT; names are
# answered without host names; every task is a container here, so that more of them add no capacity; and
# nobody looks at its logs, alarms and dashboards but you, or tries to get in.
nat           = "none"
dns_hostnames = false
scaling       = false

# Whoever deploys from this machine tries new tasks before they get traffic.
test_cidrs = ["127.0.0.0/8"]

access_logs    = false
alarms         = false
dashboard      = false
encryption_key = false
flow_logs      = false
network_acls   = false

# The sample application keeps its products in one and caches them in the other. RDS and ElastiCache
# are what the first deploy waits for: without services that use them, leave both away.
database_class = "db.t4g.micro"
cache_type     = "cache.t3.micro"

# Nobody else reaches it: no users, and no TLS by a certificate that no client would trust.
cache_authentication = false
