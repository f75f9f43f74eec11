# The key, GitHub's roles, the gateway and the firewall.

mock_provider "aws" {
  source = "../tests"
}

variables {
  name        = "shop-default"
  account_id  = "123456789012"
  region      = "us-west-1"
  protected   = true
  environment = "default"
}

run "a_key_that_rotates" {
  module {
    source = "../modules/key"
  }

  command = plan

  assert {
    condition     = aws_kms_key.this.enable_key_rotation && aws_kms_key.this.deletion_window_in_days == 30
    error_message = "the key rotates, and a protected one can be had back for 30 days"
  }

  assert {
    condition = { for statement in jsondecode(aws_kms_key.this.policy).Statement : statement.Sid => [statement.Principal, try(statement.Condition, null)] } == {
      Account = [{ AWS = "arn:aws:iam::123456789012:root" }, null]
      Logs = [
        { Service = "logs.us-west-1.amazonaws.com" },
        { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:us-west-1:123456789012:log-group:*" } },
      ]
      Alarms = [
        { Service = ["cloudwatch.amazonaws.com", "events.amazonaws.com"] },
        { StringEquals = { "aws:SourceAccount" = "123456789012" } },
      ]
    }
    error_message = "AWS's services use the key for this account only"
  }
}

run "roles_of_github" {
  module {
    source = "../modules/identity"
  }

  command = plan

  variables {
    name          = "twelve-chars-sixteen-letters0-environment0"
    environment   = "prod"
    registry      = "shop"
    state_bucket  = "shop-state-123456789012-us-west-1"
    lock_table    = "shop-locks"
    subjects      = ["repo:acme/shop:environment:prod", "repo:acme@1/shop@2:environment:prod"]
    plan_subjects = ["repo:acme/shop:environment:prod-plan"]

    promote_subjects = ["repo:acme/shop:environment:next"]
  }

  assert {
    condition = { for job, role in aws_iam_role.this : job => jsonencode(jsondecode(role.assume_role_policy).Statement[0].Condition) } == {
      for job in ["apply", "build", "deploy", "plan", "promote"] : job => jsonencode({ StringEquals = {
        "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
        "token.actions.githubusercontent.com:sub" = lookup({ plan = ["repo:acme/shop:environment:prod-plan"], promote = ["repo:acme/shop:environment:next"] }, job, ["repo:acme/shop:environment:prod", "repo:acme@1/shop@2:environment:prod"])
      } })
    }
    error_message = "only tokens of the named GitHub environments take a role"
  }

  assert {
    condition     = alltrue([for role in aws_iam_role.this : length(role.name) <= 64])
    error_message = "IAM allows 64 characters"
  }

  assert {
    condition     = alltrue([for policy in aws_iam_policy.this : length(replace(policy.policy, "/\\s/", "")) <= 6144])
    error_message = "IAM allows 6,144 characters"
  }

  assert {
    condition = { for job, role in local.roles : job => role.policies if job != "apply" } == {
      build  = ["push"]
      deploy = ["push", "records", "rollout"]
      plan   = ["read", "state-read"]

      promote = ["source"]
    }
    error_message = "a job may do what it is for"
  }

  assert {
    condition = !anytrue(flatten([for policy in ["read", "source", "state-read"] : [
      for statement in jsondecode(aws_iam_policy.this[policy].policy).Statement : [
        for action in flatten([statement.Action]) : can(regex(":(Create|Put|Update|Delete|Modify|Run|Start|Stop|Get(Secret|Object))", action))
      ] if !contains(["Placeholders", "Read", "Releases"], statement.Sid)
    ]]))
    error_message = "who plans or promotes from here changes nothing, and asks for no secret's current value"
  }

  assert {
    condition = alltrue([for statement in jsondecode(aws_iam_policy.this["rollout"].policy).Statement :
      statement.Condition.StringEquals["iam:PassedToService"] == ["ecs-tasks.amazonaws.com", "scheduler.amazonaws.com"] if statement.Action == "iam:PassRole"
    ])
    error_message = "roles are passed to tasks and to nothing else"
  }

  assert {
    condition = alltrue(flatten([for policy in ["push", "rollout", "records", "resources", "access"] : [
      for statement in jsondecode(aws_iam_policy.this[policy].policy).Statement :
      contains(["Login", "Watch", "WithoutNames"], statement.Sid) || alltrue([for arn in flatten([statement.Resource]) : arn != "*"])
    ]]))
    error_message = "what changes something names what it changes"
  }

  assert {
    condition = length([for statement in jsondecode(aws_iam_policy.this["access"].policy).Statement : statement
      if statement.Effect == "Deny" && contains(flatten([statement.Resource]), "arn:aws:iam::123456789012:role/twelve-chars-sixteen-letters0-environment0-github-*")
    ]) == 1
    error_message = "a job can't make itself stronger"
  }
}

# What AWS cuts, or makes elsewhere, is still this environment's.
run "roles_of_github_reach_what_has_another_name_or_region" {
  module {
    source = "../modules/identity"
  }

  command = plan

  variables {
    name           = "twelve-chars-sixteen-letters0-environment0"
    environment    = "prod"
    registry       = "shop"
    replica_region = "us-west-2"
    state_bucket   = "shop-state-123456789012-us-west-1"
    lock_table     = "shop-locks"
    subjects       = ["repo:acme/shop:environment:prod"]

    registry_environment = "dev"
  }

  assert {
    condition = { for statement in jsondecode(aws_iam_policy.this["state-write"].policy).Statement : statement.Sid => jsonencode(statement) if contains(["Lock", "Write"], statement.Sid) } == {
      Lock = jsonencode({
        Sid       = "Lock"
        Effect    = "Allow"
        Action    = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
        Resource  = "arn:aws:dynamodb:us-west-1:123456789012:table/shop-locks"
        Condition = { "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["shop-state-123456789012-us-west-1/env:/prod/*", "shop-state-123456789012-us-west-1/env:/dev/registry.*", "lease/prod/*"] } }
      })
      Write = jsonencode({
        Sid      = "Write"
        Effect   = "Allow"
        Action   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
        Resource = [for path in ["env:/prod/*", "applied/prod/*", "env:/dev/registry.*", "applied/dev/registry.*"] : "arn:aws:s3:::shop-state-123456789012-us-west-1/${path}"]
      })
    }
    error_message = "of another environment, the state of its registry alone is within reach"
  }

  assert {
    condition = { for statement in jsondecode(aws_iam_policy.this["resources"].policy).Statement : statement.Sid => jsonencode([statement.Resource, statement.Condition.StringEquals["aws:RequestedRegion"]]) if contains(["Key", "WithoutNames"], statement.Sid) } == {
      Key          = jsonencode([["arn:aws:kms:us-west-1:123456789012:key/*", "arn:aws:kms:us-west-2:123456789012:key/*"], ["us-west-1", "us-west-2"]])
      WithoutNames = jsonencode(["*", ["us-west-1", "us-west-2"]])
    }
    error_message = "copies of buckets have a key in their region"
  }

  assert {
    condition = alltrue([for arn in [
      "arn:aws:elasticache:us-west-1:123456789012:*:twelve-chars-sixteen-letters0-e*",
      "arn:aws:rds:us-west-1:123456789012:og:default:postgres-*",
    ] : contains(jsondecode(aws_iam_policy.this["resources"].policy).Statement[0].Resource, arn)])
    error_message = "ElastiCache's names are cut to 40 characters; RDS asks for its own option group as well"
  }
}

run "refuses_whoever" {
  module {
    source = "../modules/identity"
  }

  command = plan

  variables {
    registry     = "shop"
    state_bucket = "state"
    lock_table   = "locks"
    subjects     = []
  }

  expect_failures = [var.subjects]
}

run "a_gateway_with_a_limit" {
  module {
    source = "../modules/api_gateway"
  }

  command = plan

  variables {
    vpc_id                          = "vpc-1"
    subnets                         = ["subnet-3", "subnet-4"]
    listener_arn                    = "arn:aws:elasticloadbalancing:us-west-1:123456789012:listener/app/mock/50dc6c495c0c9188/f2f7dc8efc522ab2"
    listener_port                   = 443
    load_balancer_security_group_id = "sg-1"
    domain_name                     = "api.example.com"
    rate                            = 500
    burst                           = 1000
    log_retention                   = 30
  }

  assert {
    condition     = aws_apigatewayv2_stage.default.default_route_settings[0].throttling_rate_limit == 500 && aws_apigatewayv2_stage.default.default_route_settings[0].throttling_burst_limit == 1000
    error_message = "more requests than the limit get a 429"
  }

  assert {
    condition     = aws_apigatewayv2_integration.this.connection_type == "VPC_LINK" && aws_apigatewayv2_integration.this.tls_config[0].server_name_to_verify == "api.example.com"
    error_message = "the gateway goes by the VPC, and checks the certificate"
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.load_balancer.security_group_id == "sg-1" && aws_vpc_security_group_ingress_rule.load_balancer.from_port == 443
    error_message = "the load balancer lets the gateway in"
  }
}

run "a_firewall" {
  module {
    source = "../modules/waf"
  }

  command = plan

  variables {
    load_balancer_arn = "arn:aws:elasticloadbalancing:us-west-1:123456789012:loadbalancer/app/mock/50dc6c495c0c9188"
    rate              = 2000
    log_retention     = 30
  }

  assert {
    condition     = length(aws_wafv2_web_acl.this.rule) == 5 && length(distinct([for rule in aws_wafv2_web_acl.this.rule : rule.priority])) == 5
    error_message = "a limit and four of AWS's rule sets, in order"
  }

  assert {
    condition     = startswith(aws_cloudwatch_log_group.this.name, "aws-waf-logs-")
    error_message = "WAF writes only to groups called so"
  }
}
