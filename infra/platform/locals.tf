locals {
  prefix = join("-", compact([var.owner, var.project, var.environment]))

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
    url                             = module.load_balancer.url
  }
}
