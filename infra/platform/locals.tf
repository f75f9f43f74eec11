locals {
  project = join("-", compact([var.owner, var.project]))
  prefix  = join("-", compact([var.owner, var.project, var.environment]))

  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition

  # Null where the environment does without.
  kms_key_arn     = one(module.key[*].arn)
  alarm_topic_arn = one(module.alerts[*].topic_arn)

  url = var.api_gateway ? one(module.api_gateway[*].url) : module.load_balancer.url

  tags = merge(
    {
      project     = var.project
      environment = var.environment
      service     = "platform"
      managed-by  = "terraform"
    },
    var.owner == "" ? {} : { owner = var.owner },
  )

  # All that a service needs to know. Adding a key is free; changing or removing one is a new
  # schema_version here and in infra/service.
  contract = {
    schema_version                  = 1
    vpc_id                          = module.network.vpc_id
    private_subnets                 = module.network.private_subnets
    public_subnets                  = module.network.public_subnets
    task_subnets                    = module.network.tasks_need_public_addresses ? module.network.public_subnets : module.network.private_subnets
    assign_public_ip                = module.network.tasks_need_public_addresses
    listener_arn                    = module.load_balancer.listener_arn
    load_balancer_arn               = module.load_balancer.arn
    load_balancer_dns               = module.load_balancer.dns_name
    load_balancer_security_group_id = module.load_balancer.security_group_id
    cluster_arn                     = module.cluster.arn
    cluster_name                    = module.cluster.name
    scaling                         = var.scaling
    url                             = local.url
    test_listener_arn               = module.load_balancer.test_listener_arn
    test_port                       = module.load_balancer.test_port
    test_url                        = module.load_balancer.test_url
    alarms                          = var.alarms
    alarm_topic_arn                 = local.alarm_topic_arn
    kms_key_arn                     = local.kms_key_arn
    log_retention                   = var.log_retention
    database                        = local.database
    cache                           = local.cache
    namespace                       = { id = module.discovery.namespace_id, name = module.discovery.namespace_name }
    callers_security_group_id       = module.discovery.callers_security_group_id
    replica_region                  = var.replica_region == "" ? null : var.replica_region
  }
}
