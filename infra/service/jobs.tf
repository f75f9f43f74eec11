# Tasks that run to their end: the revision that they run by, what it says of them, and when they run.

locals {
  scheduled = { for name, job in var.service.jobs : name => job if job.schedule != "" }

  # In the revision, so that one that is gone back to runs its own commands.
  job_labels = length(var.service.jobs) == 0 ? {} : {
    "slipway.jobs" = jsonencode({ for name, job in var.service.jobs : name => {
      command = job.command
      cpu     = job.cpu
      memory  = job.memory
    } })
  }
}

# A service that serves has an ECS service that names the revision at work; this stands in for it.
resource "aws_ssm_parameter" "released" {
  # checkov:skip=CKV2_AWS_34:the name of a revision is no secret
  # checkov:skip=CKV_AWS_337:a plain text has nothing to encrypt; the name of a revision is no secret
  count = local.serves ? 0 : 1

  name           = "/${local.prefix}/jobs/${var.service.name}"
  description    = "The revision that the jobs of ${local.name} run by; rollouts write it"
  type           = "String"
  insecure_value = "none"

  lifecycle {
    ignore_changes = [insecure_value]
  }
}

module "schedules" {
  source = "../modules/schedules"
  count  = length(local.scheduled) > 0 ? 1 : 0

  name             = local.name
  account_id       = data.aws_caller_identity.current.account_id
  partition        = data.aws_partition.current.partition
  region           = var.region
  cluster_arn      = local.contract.cluster_arn
  family           = local.name
  subnets          = local.contract.task_subnets
  security_groups  = module.service.security_group_ids
  assign_public_ip = local.contract.assign_public_ip
  task_roles       = [module.roles.execution_arn, module.roles.task_arn]
  jobs             = { for name, job in local.scheduled : name => { schedule = job.schedule, timezone = job.timezone } }
}
