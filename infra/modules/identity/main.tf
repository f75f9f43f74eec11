# What GitHub Actions may do, one role per kind of job. Policies are in policies.tf and write.tf.

locals {
  issuer = "token.actions.githubusercontent.com"

  jobs = {
    plan = {
      description = "Looks: plans, and nothing else"
      subjects    = length(var.plan_subjects) > 0 ? var.plan_subjects : var.subjects
      policies    = ["read", "state-read"]
      hours       = 1
    }
    build = {
      description = "Pushes images"
      subjects    = var.subjects
      policies    = ["push"]
      hours       = 1
    }
    deploy = {
      description = "Rolls out images to what is there"
      subjects    = var.subjects
      policies    = ["push", "records", "rollout"]
      hours       = 2
    }
    apply = {
      description = "Makes, changes and deletes the environment"
      subjects    = var.subjects
      policies    = ["access", "names", "network", "push", "read", "records", "resources", "rollout", "state-write"]
      hours       = 2
    }
    promote = {
      description = "Reads what serves, and its images, to take it to another environment"
      subjects    = var.promote_subjects
      policies    = ["source"]
      hours       = 1
    }
  }

  # A role that nobody may take is none.
  roles = { for role, job in local.jobs : role => job if length(job.subjects) > 0 }

  attached = merge([for role, job in local.roles : { for policy in job.policies : "${role}-${policy}" => { role = role, policy = policy } }]...)
}

resource "aws_iam_role" "this" {
  # checkov:skip=CKV_AWS_393:the subjects are a variable, refused unless each is repo:OWNER/REPOSITORY:environment:NAME without wildcards; without any there are no roles
  for_each = local.roles

  name                 = "${var.name}-github-${each.key}"
  description          = "${each.value.description}, in ${var.name}, for GitHub Actions"
  max_session_duration = each.value.hours * 3600

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = "arn:${var.partition}:iam::${var.account_id}:oidc-provider/${local.issuer}" }
      Condition = { StringEquals = {
        "${local.issuer}:aud" = "sts.amazonaws.com"
        "${local.issuer}:sub" = each.value.subjects
      } }
    }]
  })
}

resource "aws_iam_policy" "this" {
  for_each = local.policies

  name        = "${var.name}-github-${each.key}"
  description = "Part of what GitHub Actions may do in ${var.name}"
  policy      = jsonencode({ Version = "2012-10-17", Statement = each.value })
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = local.attached

  role       = aws_iam_role.this[each.value.role].name
  policy_arn = aws_iam_policy.this[each.value.policy].arn
}
