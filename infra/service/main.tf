data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_ssm_parameter" "platform" {
  name = "/${local.prefix}/platform"

  lifecycle {
    postcondition {
      condition     = try(jsondecode(self.insecure_value).schema_version, 0) == 1
      error_message = "/${local.prefix}/platform: this service stack reads schema_version 1 of the platform's contract; apply infra/platform of the same checkout first."
    }

    postcondition {
      condition     = !var.service.database.enabled || try(jsondecode(self.insecure_value).database, null) != null
      error_message = "service.database: this environment has no database; set database_class in infra/environments/${var.environment}.tfvars and deploy the platform."
    }

    postcondition {
      condition     = !var.service.cache.enabled || try(jsondecode(self.insecure_value).cache, null) != null
      error_message = "service.cache: this environment has no cache; set cache_type in infra/environments/${var.environment}.tfvars and deploy the platform."
    }

    postcondition {
      condition     = !local.replicates || try(jsondecode(self.insecure_value).replica_region, null) != null && try(jsondecode(self.insecure_value).kms_key_arn, null) != null
      error_message = "service.buckets: replicate needs another region and a key of the environment's own; set replica_region and encryption_key in infra/environments/${var.environment}.tfvars and deploy the platform."
    }
  }
}

# A plan may come before the platform of the same checkout is applied; an apply may not.
check "discovery" {
  assert {
    condition     = !local.calls && !var.service.called || try(local.contract.namespace.id, null) != null
    error_message = "/${local.prefix}/platform: this environment has no names for its services yet, so that ${var.service.name} can neither call nor be called; apply infra/platform of the same checkout first."
  }
}

# --- Logs --------------------------------------------------------------------------------------

resource "aws_cloudwatch_log_group" "this" {
  for_each = { app = "", access = "/access", errors = "/errors" }

  name              = "/ecs/${local.name}${each.value}"
  retention_in_days = local.log_retention
  kms_key_id        = local.key_arn
}

moved {
  from = aws_cloudwatch_log_group.app
  to   = aws_cloudwatch_log_group.this["app"]
}

# --- Rights ------------------------------------------------------------------------------------

module "roles" {
  source = "../modules/roles"

  name            = local.name
  account_id      = data.aws_caller_identity.current.account_id
  region          = var.region
  repository_arn  = local.repository_arn
  log_group_arns  = [aws_cloudwatch_log_group.this["app"].arn]
  secret_arns     = values(local.secret_arns)
  parameter_arns  = values(local.parameter_arns)
  key_arn         = local.key_arn
  task_statements = concat(local.bucket_statements, local.cache_statements, local.exec_statements)
}

# --- Way in ------------------------------------------------------------------------------------

module "route" {
  source = "../modules/route"
  count  = local.serves ? 1 : 0

  name                 = local.name
  vpc_id               = local.contract.vpc_id
  listener_arn         = local.contract.listener_arn
  test_listener_arn    = local.test_listener_arn
  path                 = var.service.route.path
  host                 = var.service.route.host
  priority             = var.service.route.priority
  health               = var.service.health
  deregistration_delay = local.drain
  blue_green           = local.codedeploy
}

moved {
  from = module.route
  to   = module.route[0]
}

# --- Tasks -------------------------------------------------------------------------------------

module "task_definition" {
  source = "../modules/task_definition"

  family             = local.name
  exec               = local.exec
  image              = var.image
  cpu                = var.service.cpu
  memory             = var.service.memory
  architecture       = var.service.architecture
  port               = local.serves ? var.service.port : null
  stop_timeout       = var.service.stop_timeout
  drain              = local.drain
  health             = var.service.health
  execution_role_arn = module.roles.execution_arn
  task_role_arn      = module.roles.task_arn
  log_group          = aws_cloudwatch_log_group.this["app"].name
  region             = var.region
  env                = merge(local.env, local.cache_env, local.database_env)
  secrets            = merge(local.secrets, local.database_secrets)
  labels             = local.job_labels
}

module "service" {
  source = "../modules/service"

  name                            = local.name
  serves                          = local.serves
  short_name                      = var.service.name
  namespace_id                    = try(local.contract.namespace.id, null)
  callers_security_group_id       = try(local.contract.callers_security_group_id, null)
  called                          = var.service.called
  calls                           = local.calls
  cluster_arn                     = local.contract.cluster_arn
  vpc_id                          = local.contract.vpc_id
  subnets                         = local.contract.task_subnets
  assign_public_ip                = local.contract.assign_public_ip
  load_balancer_security_group_id = local.contract.load_balancer_security_group_id
  exec                            = local.exec
  port                            = local.serves ? var.service.port : null
  former_port                     = var.service.former_port
  grace                           = var.service.health.grace
  desired_count                   = local.waits ? 0 : var.service.scale.min
  controller                      = local.codedeploy ? "CODE_DEPLOY" : "ECS"
  minimum_healthy_percent         = var.service.deploy.minimum_healthy_percent
  maximum_percent                 = var.service.deploy.maximum_percent
  alarm_names                     = local.rollback_alarms
  target_group_arn                = one(module.route[*].blue_arn)
  task_definition_arn             = module.task_definition.arn
  container_name                  = module.task_definition.container_name
}

module "codedeploy" {
  source = "../modules/codedeploy"
  count  = local.codedeploy ? 1 : 0

  name              = local.name
  account_id        = data.aws_caller_identity.current.account_id
  partition         = data.aws_partition.current.partition
  region            = var.region
  cluster_name      = local.contract.cluster_name
  service_name      = module.service.name
  strategy          = var.service.deploy.strategy
  shift             = var.service.deploy.shift
  standby           = var.service.deploy.standby
  listener_arn      = local.contract.listener_arn
  test_listener_arn = local.test_listener_arn
  ready_wait        = local.test_url == "" ? 0 : 15
  target_groups     = { for colour in ["blue", "green"] : colour => local.target_groups[colour].name }
  task_roles        = [module.roles.execution_arn, module.roles.task_arn]
  alarm_names       = local.rollback_alarms
}

# --- Scaling and alarms --------------------------------------------------------------------------

module "scaling" {
  source = "../modules/scaling"
  count  = local.serves && local.contract.scaling ? 1 : 0

  cluster_name  = local.contract.cluster_name
  service_name  = module.service.name
  min           = var.service.scale.min
  max           = var.service.scale.max
  cpu           = var.service.scale.cpu
  memory        = var.service.scale.memory
  requests      = var.service.scale.requests
  load_balancer = split(":loadbalancer/", local.contract.load_balancer_arn)[1]
  target_groups = { for colour, group in local.target_groups : colour => group.arn_suffix }
}

module "observability" {
  source = "../modules/observability"
  count  = local.serves && local.alarms ? 1 : 0

  name              = local.name
  cluster_name      = local.contract.cluster_name
  service_name      = local.name # not the resource: a rolling service is told of its alarms when it is made
  load_balancer_arn = local.contract.load_balancer_arn
  target_groups     = { for colour, group in local.target_groups : colour => group.arn }
  thresholds        = var.service.alarms
  minimum_running   = var.service.scale.min
  topic_arn         = local.alarm_topic_arn
}
