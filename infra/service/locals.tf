locals {
  prefix = join("-", compact([var.owner, var.project, var.environment]))
  name   = "${local.prefix}-${var.service.name}"

  tags = merge(
    {
      project     = var.project
      environment = var.environment
      service     = var.service.name
      managed-by  = "terraform"
    },
    var.owner == "" ? {} : { owner = var.owner },
  )

  contract = jsondecode(data.aws_ssm_parameter.platform.insecure_value)

  route_path = var.service.route.path == "/" ? "" : var.service.route.path
  host       = var.service.route.host
  url        = local.host == "" ? local.contract.url : "${split("://", local.contract.url)[0]}://${local.host}"

  # The registry may belong to another account or region; the image says to which.
  repository = join("/", [join("-", compact([var.owner, var.project])), var.service.name])
  ecr = try(
    regex("^(?P<account>[0-9]{12})[.]dkr[.]ecr[.](?P<region>[a-z0-9-]+)[.]", var.image),
    { account = data.aws_caller_identity.current.account_id, region = var.region },
  )
}
