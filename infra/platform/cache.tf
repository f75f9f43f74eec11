# Redis for all services of the environment, each with a user of its own in it.
module "cache" {
  source = "../modules/cache"
  count  = var.cache_type == "" ? 0 : 1

  name           = local.prefix
  vpc_id         = module.network.vpc_id
  subnets        = module.network.private_subnets
  node_type      = var.cache_type
  nodes          = var.cache_nodes
  snapshot_days  = var.cache_snapshot_days
  authentication = var.cache_authentication
  key_arn        = local.kms_key_arn
  protected      = var.protected
}

# What other parts need to know of the cache: null where the environment has none.
locals {
  cache = one([for cache in module.cache : {
    endpoint          = cache.endpoint
    port              = cache.port
    name              = cache.name
    arn               = cache.arn
    security_group_id = cache.security_group_id
    user_group_id     = cache.user_group_id
    cluster_ids       = cache.cluster_ids
  }])
}
