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

  # --- What the platform says; keys that it may not have are null -------------------------------
  contract          = jsondecode(data.aws_ssm_parameter.platform.insecure_value)
  key_arn           = try(local.contract.kms_key_arn, null)
  log_retention     = try(local.contract.log_retention, 30)
  alarms            = try(local.contract.alarms, false)
  alarm_topic_arn   = try(local.contract.alarm_topic_arn, null)
  test_listener_arn = try(local.contract.test_listener_arn, null)
  replica_region    = try(coalesce(local.contract.replica_region), null)

  # --- How it is rolled out ----------------------------------------------------------------------
  serves          = var.service.kind == "web"
  codedeploy      = local.serves && var.service.deploy.strategy != "rolling"
  target_groups   = merge(module.route[*].target_groups...)
  rollback_alarms = flatten(module.observability[*].rollback_alarm_names)
  drain           = 30 # seconds; services finish requests that long after SIGTERM

  # --- Who may look inside -----------------------------------------------------------------------
  # A shell in production reads every secret of the service, and nobody sees what it did.
  exec = !var.protected
  exec_statements = !local.exec ? [] : [{
    Sid    = "Shell"
    Effect = "Allow"
    Action = [
      "ssmmessages:CreateControlChannel",
      "ssmmessages:CreateDataChannel",
      "ssmmessages:OpenControlChannel",
      "ssmmessages:OpenDataChannel",
    ]
    Resource = "*" # the actions have no resource
  }]

  # --- Whom it calls -----------------------------------------------------------------------------
  calls = length(var.service.calls) > 0
  addresses = { for name, needed in var.service.calls : "${upper(replace(name, "-", "_"))}_URL" =>
  "http://${name}.${local.prefix}.internal:${needed.port}${trimsuffix(needed.path, "/")}" }

  # --- Where it answers --------------------------------------------------------------------------
  route_path = var.service.route.path == "/" ? "" : var.service.route.path
  host       = var.service.route.host
  url        = local.host == "" ? local.contract.url : "${split("://", local.contract.url)[0]}://${local.host}"

  # Where a deployment's new tasks answer before they get traffic; "" where whoever deploys can't ask.
  test_base = local.codedeploy ? try(coalesce(local.contract.test_url), "") : ""
  test_root = local.host == "" || local.test_base == "" ? local.test_base : "${split("://", local.test_base)[0]}://${local.host}:${local.contract.test_port}"
  test_url  = local.test_base == "" ? "" : "${local.test_root}${local.route_path}"

  # --- What the container gets -------------------------------------------------------------------
  env = merge(
    var.service.env,
    { for name, bucket in module.storage.names : "BUCKET_${upper(replace(name, "-", "_"))}" => bucket },
    local.addresses,
    {
      ENVIRONMENT  = var.environment
      SERVICE_NAME = var.service.name
    },
    !local.serves ? {} : {
      PORT       = tostring(var.service.port)
      ROUTE_PATH = local.route_path
    },
  )
  secrets = merge(
    { for name in var.service.secrets : name => module.secrets.arns[name] },
    local.parameter_arns,
  )

  # --- Where its image is; the registry may belong to another account or region ------------------
  repository = join("/", [join("-", compact([var.owner, var.project])), var.service.name])
  ecr = try(
    regex("^(?P<account>[0-9]{12})[.]dkr[.]ecr[.](?P<region>[a-z0-9-]+)[.]", var.image),
    { account = data.aws_caller_identity.current.account_id, region = var.region },
  )
  repository_arn = "arn:${data.aws_partition.current.partition}:ecr:${local.ecr.region}:${local.ecr.account}:repository/${local.repository}"
}
