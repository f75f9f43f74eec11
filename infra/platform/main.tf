module "network" {
  source = "../modules/network"

  name          = local.prefix
  region        = var.region
  cidr          = var.cidr
  zones         = var.zones
  nat           = var.nat
  dns_hostnames = var.dns_hostnames
}

module "load_balancer" {
  source = "../modules/load_balancer"

  name            = local.prefix
  vpc_id          = module.network.vpc_id
  vpc_cidr        = var.cidr
  subnets         = module.network.public_subnets
  certificate_arn = var.certificate_arn
  protected       = var.protected
}

module "cluster" {
  source = "../modules/cluster"

  name = local.prefix
}

# Services find their environment by this one parameter. It holds names, not secrets.
resource "aws_ssm_parameter" "contract" {
  name           = "/${local.prefix}/platform"
  description    = "What services need to know of the environment ${var.environment}"
  type           = "String"
  insecure_value = jsonencode(local.contract)
}
