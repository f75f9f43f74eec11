# Survives the loss of a zone. us-west-1 offers two zones to most accounts; take three elsewhere.
cidr           = "10.4.0.0/16"
reserved_cidrs = ["10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16"] # the other environments
zones          = 2
nat            = "per_zone"

# Before the first customer: a certificate, a name, and somebody who is told.
# certificate_arn = "arn:aws:acm:us-west-1:333333333333:certificate/…"
# domain_name     = "api.example.com"
# alarm_emails    = ["oncall@example.com"]

# github_subjects      = ["repo:OWNER/REPOSITORY:environment:prod"]
# github_plan_subjects = ["repo:OWNER/REPOSITORY:environment:prod-plan"] # asks for no approval

database_class       = "db.t4g.medium"
database_multi_az    = true
database_storage     = 50
database_storage_max = 500

cache_type          = "cache.t3.micro"
cache_nodes         = 2
cache_snapshot_days = 7

# Where copies of buckets go that ask for them (replicate).
replica_region = "us-west-2"
