data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

module "key" {
  source = "../modules/key"
  count  = var.encryption_key ? 1 : 0

  name       = local.prefix
  account_id = local.account_id
  partition  = local.partition
  region     = var.region
  protected  = var.protected
}

module "network" {
  source = "../modules/network"

  name                = local.prefix
  account_id          = local.account_id
  region              = var.region
  cidr                = var.cidr
  reserved_cidrs      = var.reserved_cidrs
  zones               = var.zones
  nat                 = var.nat
  dns_hostnames       = var.dns_hostnames
  interface_endpoints = var.interface_endpoints
  network_acls        = var.network_acls
  flow_logs           = var.flow_logs
  log_retention       = var.log_retention
  kms_key_arn         = local.kms_key_arn
}

module "load_balancer" {
  source = "../modules/load_balancer"

  name            = local.prefix
  account_id      = local.account_id
  partition       = local.partition
  region          = var.region
  vpc_id          = module.network.vpc_id
  vpc_cidr        = var.cidr
  internal        = var.api_gateway
  subnets         = var.api_gateway ? module.network.private_subnets : module.network.public_subnets
  certificate_arn = var.certificate_arn
  domain_name     = var.domain_name
  test_cidrs      = var.test_cidrs
  nat_addresses   = module.network.nat_addresses
  access_logs     = var.access_logs
  log_retention   = var.log_retention
  protected       = var.protected
}

module "cluster" {
  source = "../modules/cluster"

  name = local.prefix
}

module "discovery" {
  source = "../modules/discovery"

  name   = local.prefix
  vpc_id = module.network.vpc_id
}

# --- By flag -------------------------------------------------------------------------------------

module "api_gateway" {
  source = "../modules/api_gateway"
  count  = var.api_gateway ? 1 : 0

  name                            = local.prefix
  vpc_id                          = module.network.vpc_id
  subnets                         = module.network.private_subnets
  listener_arn                    = module.load_balancer.listener_arn
  listener_port                   = module.load_balancer.port
  load_balancer_security_group_id = module.load_balancer.security_group_id
  domain_name                     = var.certificate_arn == "" ? "" : var.domain_name
  rate                            = var.api_rate
  burst                           = var.api_burst
  log_retention                   = var.log_retention
  kms_key_arn                     = local.kms_key_arn
}

module "waf" {
  source = "../modules/waf"
  count  = var.waf ? 1 : 0

  name              = local.prefix
  load_balancer_arn = module.load_balancer.arn
  rate              = var.waf_rate
  log_retention     = var.log_retention
  kms_key_arn       = local.kms_key_arn
}

module "alerts" {
  source = "../modules/alerts"
  count  = var.alarms ? 1 : 0

  name          = local.prefix
  account_id    = local.account_id
  cluster_arn   = module.cluster.arn
  load_balancer = module.load_balancer.arn_suffix
  emails        = var.alarm_emails
  kms_key_arn   = local.kms_key_arn
  database      = local.database
  cache         = local.cache
}

module "dashboard" {
  source = "../modules/dashboard"
  count  = var.dashboard ? 1 : 0

  name            = local.prefix
  environment     = var.environment
  region          = var.region
  url             = local.url
  cluster_name    = module.cluster.name
  load_balancer   = module.load_balancer.arn_suffix
  alarm_arns      = flatten(module.alerts[*].alarm_arns)
  nat_gateway_ids = module.network.nat_gateway_ids
  database        = local.database
  cache           = local.cache
}

module "identity" {
  source = "../modules/identity"
  count  = length(var.github_subjects) > 0 ? 1 : 0

  name           = local.prefix
  environment    = var.environment
  account_id     = local.account_id
  partition      = local.partition
  region         = var.region
  replica_region = var.replica_region
  registry       = local.project
  state_bucket   = "${local.project}-state-${local.account_id}-${var.region}"
  lock_table     = "${local.project}-locks"
  subjects       = var.github_subjects
  plan_subjects  = var.github_plan_subjects

  promote_subjects = var.github_promote_subjects

  registry_environment = var.registry_environment
}

# --- What services need to know ------------------------------------------------------------------

# Services find their environment by this one parameter. It holds names, not secrets.
resource "aws_ssm_parameter" "contract" {
  # checkov:skip=CKV2_AWS_34:names and ids that every role of the account can list anyway; not a secret in it
  name           = "/${local.prefix}/platform"
  description    = "What services need to know of the environment ${var.environment}"
  type           = "String"
  insecure_value = jsonencode(local.contract)
}
