mock_provider "aws" {
  source = "../tests"
}

variables {
  name              = "shop-dev-orders"
  account_id        = "123456789012"
  partition         = "aws"
  region            = "us-west-1"
  cluster_name      = "shop-dev"
  service_name      = "shop-dev-orders"
  strategy          = "canary"
  shift             = { percent = 20, minutes = 7 }
  standby           = 15
  listener_arn      = "arn:aws:elasticloadbalancing:us-west-1:123456789012:listener/app/mock/50dc6c495c0c9188/f2f7dc8efc522ab2"
  test_listener_arn = "arn:aws:elasticloadbalancing:us-west-1:123456789012:listener/app/mock/50dc6c495c0c9188/0000000000000000"
  target_groups     = { blue = "shop-dev-orders", green = "shop-dev-orders-green" }
  task_roles        = ["arn:aws:iam::123456789012:role/execution", "arn:aws:iam::123456789012:role/task"]
  alarm_names       = ["shop-dev-orders-errors"]
}

run "shifts_a_share_first" {
  module {
    source = "../modules/codedeploy"
  }

  assert {
    condition = alltrue([
      aws_codedeploy_deployment_config.this[0].deployment_config_name == "shop-dev-orders-canary-20-percent-7-minutes",
      aws_codedeploy_deployment_config.this[0].traffic_routing_config[0].type == "TimeBasedCanary",
      aws_codedeploy_deployment_config.this[0].traffic_routing_config[0].time_based_canary[0].percentage == 20,
      aws_codedeploy_deployment_config.this[0].traffic_routing_config[0].time_based_canary[0].interval == 7,
      aws_codedeploy_deployment_group.this.deployment_config_name == "shop-dev-orders-canary-20-percent-7-minutes",
    ])
    error_message = "a configuration of its own, with its figures in its name"
  }

  assert {
    condition = alltrue([
      aws_codedeploy_deployment_group.this.blue_green_deployment_config[0].terminate_blue_instances_on_deployment_success[0].termination_wait_time_in_minutes == 15,
      aws_codedeploy_deployment_group.this.blue_green_deployment_config[0].deployment_ready_option[0].action_on_timeout == "CONTINUE_DEPLOYMENT",
      aws_codedeploy_deployment_group.this.deployment_style[0].deployment_type == "BLUE_GREEN",
    ])
    error_message = "the old tasks stand by"
  }

  assert {
    condition = alltrue([
      aws_codedeploy_deployment_group.this.auto_rollback_configuration[0].enabled,
      aws_codedeploy_deployment_group.this.auto_rollback_configuration[0].events == toset(["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]),
      one(aws_codedeploy_deployment_group.this.alarm_configuration).alarms == toset(["shop-dev-orders-errors"]),
      one(aws_codedeploy_deployment_group.this.alarm_configuration).enabled,
    ])
    error_message = "back by itself on failure, alarm and stop"
  }

  assert {
    condition     = one(aws_codedeploy_deployment_group.this.load_balancer_info[0].target_group_pair_info[0].test_traffic_route[0].listener_arns) == var.test_listener_arn
    error_message = "new tasks are tried at the test listener"
  }

  assert {
    condition = jsonencode({ for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Sid => statement.Resource if contains(["Roles", "Traffic"], statement.Sid) }) == jsonencode({
      Roles = var.task_roles
      Traffic = [
        var.listener_arn,
        var.test_listener_arn,
        "arn:aws:elasticloadbalancing:us-west-1:123456789012:listener-rule/app/mock/50dc6c495c0c9188/f2f7dc8efc522ab2/*",
        "arn:aws:elasticloadbalancing:us-west-1:123456789012:listener-rule/app/mock/50dc6c495c0c9188/0000000000000000/*",
      ]
    })
    error_message = "it moves the rules of these listeners and passes on these roles, and no others"
  }
}

run "waits_for_a_word_to_go_on" {
  module {
    source = "../modules/codedeploy"
  }

  command = plan

  variables {
    ready_wait = 15
  }

  assert {
    condition = alltrue([
      aws_codedeploy_deployment_group.this.blue_green_deployment_config[0].deployment_ready_option[0].action_on_timeout == "STOP_DEPLOYMENT",
      aws_codedeploy_deployment_group.this.blue_green_deployment_config[0].deployment_ready_option[0].wait_time_in_minutes == 15,
    ])
    error_message = "if nobody says it, no traffic moves"
  }
}

run "shifts_in_steps" {
  module {
    source = "../modules/codedeploy"
  }

  command = plan

  variables {
    strategy          = "linear"
    test_listener_arn = null
    name              = "twelve-chars-sixteen-letters0-production00-a-service-of-24-letters0"
    shift             = { percent = 99, minutes = 2880 }
    alarm_names       = []
  }

  assert {
    condition = alltrue([
      length(aws_codedeploy_deployment_config.this[0].deployment_config_name) <= 100,
      aws_codedeploy_deployment_config.this[0].traffic_routing_config[0].time_based_linear[0].percentage == 99,
      length(aws_iam_role.this.name) <= 64,
    ])
    error_message = "CodeDeploy allows 100 characters, IAM 64"
  }

  assert {
    condition     = length(aws_codedeploy_deployment_group.this.alarm_configuration) == 0 && length(aws_codedeploy_deployment_group.this.load_balancer_info[0].target_group_pair_info[0].test_traffic_route) == 0
    error_message = "neither alarms nor a test listener are needed"
  }
}

run "shifts_at_once" {
  module {
    source = "../modules/codedeploy"
  }

  command = plan

  variables {
    strategy = "blue_green"
  }

  assert {
    condition     = length(aws_codedeploy_deployment_config.this) == 0 && aws_codedeploy_deployment_group.this.deployment_config_name == "CodeDeployDefault.ECSAllAtOnce"
    error_message = "AWS's own configuration does"
  }
}
