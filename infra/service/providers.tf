provider "aws" {
  region = var.region

  default_tags {
    tags = local.tags
  }
}

# Copies of buckets, where a service asks for them.
provider "aws" {
  alias  = "replica"
  region = coalesce(local.replica_region, var.region)

  default_tags {
    tags = local.tags
  }
}
