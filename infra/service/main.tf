data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_ssm_parameter" "platform" {
  name = "/${local.prefix}/platform"

  lifecycle {
    postcondition {
      condition     = try(jsondecode(self.insecure_value).schema_version, 0) == 1
      error_message = "/${local.prefix}/platform: this service stack reads schema_version 1 of the platform's contract; apply infra/platform of the same checkout first."
    }
  }
}

resource "aws_cloudwatch_log_group" "app" {
  name              = "/ecs/${local.name}"
  retention_in_days = 30
}

module "roles" {
  source = "../modules/roles"

  name           = local.name
  account_id     = data.aws_caller_identity.current.account_id
  repository_arn = "arn:${data.aws_partition.current.partition}:ecr:${local.ecr.region}:${local.ecr.account}:repository/${local.repository}"
  log_group_arns = [aws_cloudwatch_log_group.app.arn]
}

module "route" {
  source = "../modules/route"

  name         = local.name
  vpc_id       = local.contract.vpc_id
  listener_arn = local.contract.listener_arn
  path         = var.service.route.path
  host         = var.service.route.host
  priority     = var.service.route.priority
  health       = var.service.health
}

module "task_definition" {
  source = "../modules/task_definition"

  family             = local.name
  image              = var.image
  cpu                = var.service.cpu
  memory             = var.service.memory
  architecture       = var.service.architecture
  port               = var.service.port
  stop_timeout       = var.service.stop_timeout
  health             = var.service.health
  execution_role_arn = module.roles.execution_arn
  task_role_arn      = module.roles.task_arn
  log_group          = aws_cloudwatch_log_group.app.name
  region             = var.region

  env = merge(var.service.env, {
    ENVIRONMENT  = var.environment
    PORT         = tostring(var.service.port)
    ROUTE_PATH   = local.route_path
    SERVICE_NAME = var.service.name
  })
}

module "service" {
  source = "../modules/service"

  name                            = local.name
  cluster_arn                     = local.contract.cluster_arn
  vpc_id                          = local.contract.vpc_id
  subnets                         = local.contract.task_subnets
  assign_public_ip                = local.contract.assign_public_ip
  load_balancer_security_group_id = local.contract.load_balancer_security_group_id
  port                            = var.service.port
  grace                           = var.service.health.grace
  desired_count                   = var.service.scale.min
  minimum_healthy_percent         = var.service.deploy.minimum_healthy_percent
  maximum_percent                 = var.service.deploy.maximum_percent
  target_group_arn                = module.route.target_group_arn
  task_definition_arn             = module.task_definition.arn
  container_name                  = module.task_definition.container_name
}

module "scaling" {
  source = "../modules/scaling"
  count  = local.contract.scaling ? 1 : 0

  cluster_name   = local.contract.cluster_name
  service_name   = module.service.name
  min            = var.service.scale.min
  max            = var.service.scale.max
  cpu            = var.service.scale.cpu
  memory         = var.service.scale.memory
  requests       = var.service.scale.requests
  resource_label = "${split(":loadbalancer/", local.contract.load_balancer_arn)[1]}/${module.route.target_group_arn_suffix}"
}
