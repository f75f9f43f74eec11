mock_provider "aws" {
  source = "../tests"
}

variables {
  name           = "shop-dev-orders"
  account_id     = "123456789012"
  repository_arn = "arn:aws:ecr:us-west-1:123456789012:repository/shop/orders"
  region         = "us-west-1"
  log_group_arns = ["arn:aws:logs:us-west-1:123456789012:log-group:/ecs/shop-dev-orders"]
}

run "may_do_only_what_starts_a_task" {
  module {
    source = "../modules/roles"
  }

  command = plan

  assert {
    condition = jsondecode(aws_iam_role_policy.execution.policy).Statement == [
      {
        Sid      = "Login"
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*"
      },
      {
        Sid      = "Pull"
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = "arn:aws:ecr:us-west-1:123456789012:repository/shop/orders"
      },
      {
        Sid      = "Log"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["arn:aws:logs:us-west-1:123456789012:log-group:/ecs/shop-dev-orders:*"]
      },
    ]
    error_message = "the execution role pulls from one repository, writes to one log group, and no more"
  }

  assert {
    condition = alltrue([
      for role in [aws_iam_role.execution, aws_iam_role.task] :
      jsondecode(role.assume_role_policy).Statement == [{
        Effect    = "Allow"
        Action    = "sts:AssumeRole"
        Principal = { Service = "ecs-tasks.amazonaws.com" }
        Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } }
      }]
    ])
    error_message = "only this account's tasks take the roles"
  }

  assert {
    condition     = length(aws_iam_role_policy.task) == 0
    error_message = "the code may do nothing until it asks for something"
  }

  assert {
    condition     = aws_iam_role.execution.name == "shop-dev-orders-execution" && aws_iam_role.task.name == "shop-dev-orders-task"
    error_message = "roles are called by what they are for"
  }
}

run "names_stay_inside_iams_limit" {
  module {
    source = "../modules/roles"
  }

  command = plan

  variables {
    name = "twelve-chars-sixteen-letters0-production-a-service-of-24-letters0"
  }

  assert {
    condition     = length(aws_iam_role.execution.name) <= 64 && length(aws_iam_role.task.name) <= 64
    error_message = "IAM allows 64 characters"
  }

  assert {
    condition     = aws_iam_role.execution.name != aws_iam_role.task.name
    error_message = "two roles with the same head stay apart"
  }
}

run "reads_its_own_secrets_only" {
  module {
    source = "../modules/roles"
  }

  command = plan

  variables {
    secret_arns     = ["arn:aws:secretsmanager:us-west-1:123456789012:secret:shop-dev/orders/STRIPE_KEY-AbCdEf"]
    parameter_arns  = ["arn:aws:ssm:us-west-1:123456789012:parameter/shop/flags"]
    key_arn         = "arn:aws:kms:us-west-1:123456789012:key/1"
    task_statements = [{ Sid = "Objects", Effect = "Allow", Action = "s3:GetObject", Resource = ["arn:aws:s3:::uploads/*"] }]
  }

  assert {
    condition = slice(jsondecode(aws_iam_role_policy.execution.policy).Statement, 3, 6) == [
      {
        Sid      = "Secrets"
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = ["arn:aws:secretsmanager:us-west-1:123456789012:secret:shop-dev/orders/STRIPE_KEY-AbCdEf"]
      },
      {
        Sid      = "Parameters"
        Effect   = "Allow"
        Action   = "ssm:GetParameters"
        Resource = ["arn:aws:ssm:us-west-1:123456789012:parameter/shop/flags"]
      },
      {
        Sid       = "Decrypt"
        Effect    = "Allow"
        Action    = "kms:Decrypt"
        Resource  = "arn:aws:kms:us-west-1:123456789012:key/1"
        Condition = { StringEquals = { "kms:ViaService" = ["secretsmanager.us-west-1.amazonaws.com", "ssm.us-west-1.amazonaws.com"] } }
      },
    ]
    error_message = "the agent reads what the container gets, and decrypts nothing else"
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.task[0].policy).Statement == [{ Sid = "Objects", Effect = "Allow", Action = "s3:GetObject", Resource = ["arn:aws:s3:::uploads/*"] }]
    error_message = "the code may do what it asked for"
  }
}
