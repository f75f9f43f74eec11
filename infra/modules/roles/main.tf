# Policies are written with jsonencode and not with aws_iam_policy_document: a mocked provider
# answers a data source with a constant, so that tests could not see what a role may do.

locals {
  trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      # Nobody else's tasks, should this role's ARN become known (the confused deputy).
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })

  secret_services = concat(
    length(var.secret_arns) == 0 ? [] : ["secretsmanager"],
    length(var.parameter_arns) == 0 ? [] : ["ssm"],
  )
  may_something = length(var.task_statements) > 0
}

module "execution_name" {
  source = "../name"

  full  = "${var.name}-execution"
  limit = 64
}

module "task_name" {
  source = "../name"

  full  = "${var.name}-task"
  limit = 64
}

# --- Execution: what the ECS agent does before the container starts ------------------------------

resource "aws_iam_role" "execution" {
  name               = module.execution_name.value
  description        = "Starts the tasks of ${var.name}: pulls the image, writes the logs"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "execution" {
  name = "start"
  role = aws_iam_role.execution.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid      = "Login"
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*" # the action has no resource
      },
      {
        Sid    = "Pull"
        Effect = "Allow"
        Action = [
          "ecr:BatchCheckLayerAvailability",
          "ecr:BatchGetImage",
          "ecr:GetDownloadUrlForLayer",
        ]
        Resource = var.repository_arn
      },
      {
        Sid      = "Log"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = [for arn in var.log_group_arns : "${arn}:*"]
      },
      ],
      length(var.secret_arns) == 0 ? [] : [{
        Sid      = "Secrets"
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = var.secret_arns
      }],
      length(var.parameter_arns) == 0 ? [] : [{
        Sid      = "Parameters"
        Effect   = "Allow"
        Action   = "ssm:GetParameters"
        Resource = var.parameter_arns
      }],
      # Only through these services: the key opens the environment's logs and data as well.
      var.key_arn == null || length(local.secret_services) == 0 ? [] : [{
        Sid       = "Decrypt"
        Effect    = "Allow"
        Action    = "kms:Decrypt"
        Resource  = var.key_arn
        Condition = { StringEquals = { "kms:ViaService" = [for name in local.secret_services : "${name}.${var.region}.amazonaws.com"] } }
      }],
    )
  })
}

# --- Task: what the service itself may do. Nothing, until it asks for something ------------------

resource "aws_iam_role" "task" {
  name               = module.task_name.value
  description        = "The code of ${var.name}"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "task" {
  count = local.may_something ? 1 : 0

  name = "use"
  role = aws_iam_role.task.name

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = var.task_statements
  })
}
