# Where developers try things: cheap, and free to be broken.
cidr           = "10.1.0.0/16"
reserved_cidrs = ["10.2.0.0/16", "10.3.0.0/16", "10.4.0.0/16"] # the other environments
zones          = 2
nat            = "one"

access_logs = false
flow_logs   = false

# The roles of GitHub Actions: set the repository, and github_oidc_provider = true in
# dev.registry.tfvars. A renamed repository has another subject: list both for a while.
# github_subjects = ["repo:OWNER/REPOSITORY:environment:dev"]

database_class = "db.t4g.micro"
cache_type     = "cache.t3.micro"
