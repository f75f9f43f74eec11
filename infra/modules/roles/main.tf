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
    Statement = [
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
    ]
  })
}

# --- Task: what the service itself may do. Nothing, until it asks for something ------------------

resource "aws_iam_role" "task" {
  name               = module.task_name.value
  description        = "The code of ${var.name}"
  assume_role_policy = local.trust
}
