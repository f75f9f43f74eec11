# Like dev, and apart from it: what is tested here meets nobody else's changes.
cidr           = "10.2.0.0/16"
reserved_cidrs = ["10.1.0.0/16", "10.3.0.0/16", "10.4.0.0/16"] # the other environments
zones          = 2
nat            = "one"

access_logs = false
flow_logs   = false

# github_subjects = ["repo:OWNER/REPOSITORY:environment:test"]
registry_environment = "dev" # as in slipway.toml

database_class = "db.t4g.micro"
cache_type     = "cache.t3.micro"
