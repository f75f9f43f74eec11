# Like prod, but for its size and for one NAT gateway: what runs here runs there.
cidr           = "10.3.0.0/16"
reserved_cidrs = ["10.1.0.0/16", "10.2.0.0/16", "10.4.0.0/16"] # the other environments
zones          = 2
nat            = "one"

# Without these the environment answers on plain HTTP only, under the load balancer's name.
# certificate_arn = "arn:aws:acm:us-west-1:222222222222:certificate/…"
# domain_name     = "staging.example.com"

# alarm_emails    = ["team@example.com"]

# docs/workflows.md says how these are used.
# github_subjects         = ["repo:OWNER/REPOSITORY:environment:staging"]
# github_plan_subjects    = ["repo:OWNER/REPOSITORY:environment:staging-plan"]
# github_promote_subjects = ["repo:OWNER/REPOSITORY:environment:prod"]

database_class = "db.t4g.small"
cache_type     = "cache.t3.micro"
