mock_provider "aws" {
  source = "../tests"
}

variables {
  name                            = "shop-dev-orders"
  cluster_arn                     = "arn:aws:ecs:us-west-1:123456789012:cluster/shop-dev"
  vpc_id                          = "vpc-1"
  subnets                         = ["subnet-3", "subnet-4"]
  assign_public_ip                = false
  load_balancer_security_group_id = "sg-1"
  port                            = 8000
  grace                           = 30
  desired_count                   = 2
  minimum_healthy_percent         = 100
  maximum_percent                 = 200
  target_group_arn                = "arn:aws:elasticloadbalancing:us-west-1:123456789012:targetgroup/mock/73e2d6bc24d8a067"
  task_definition_arn             = "arn:aws:ecs:us-west-1:123456789012:task-definition/shop-dev-orders:1"
  container_name                  = "app"
}

run "starts_safe" {
  module {
    source = "../modules/service"
  }

  assert {
    condition     = aws_ecs_service.rolling[0].deployment_circuit_breaker[0].enable && aws_ecs_service.rolling[0].deployment_circuit_breaker[0].rollback
    error_message = "a rollout that fails goes back by itself"
  }

  assert {
    condition     = !aws_ecs_service.rolling[0].enable_execute_command
    error_message = "nobody gets in unless it is said"
  }

  assert {
    condition     = !aws_ecs_service.rolling[0].wait_for_steady_state
    error_message = "the rollout watches, not Terraform"
  }

  assert {
    condition     = aws_ecs_service.rolling[0].availability_zone_rebalancing == "ENABLED"
    error_message = "with room above 100 %, tasks are kept balanced over the zones"
  }

  assert {
    condition     = aws_ecs_service.rolling[0].network_configuration[0].assign_public_ip == false && aws_ecs_service.rolling[0].desired_count == 2
    error_message = "tasks are placed and counted as the caller says"
  }

  assert {
    condition = alltrue([
      aws_vpc_security_group_ingress_rule.load_balancer[0].from_port == 8000,
      aws_vpc_security_group_ingress_rule.load_balancer[0].to_port == 8000,
      aws_vpc_security_group_ingress_rule.load_balancer[0].referenced_security_group_id == "sg-1",
      aws_vpc_security_group_ingress_rule.load_balancer[0].cidr_ipv4 == null,
    ])
    error_message = "only the load balancer gets in, only on the service's port"
  }
}

run "leaves_rollouts_and_scaling_alone" {
  module {
    source = "../modules/service"
  }

  variables {
    desired_count       = 5
    task_definition_arn = "arn:aws:ecs:us-west-1:123456789012:task-definition/shop-dev-orders:7"
  }

  assert {
    condition     = aws_ecs_service.rolling[0].desired_count == 2 && endswith(aws_ecs_service.rolling[0].task_definition, ":1")
    error_message = "after creation, count and revision are not Terraform's"
  }
}

run "opens_a_shell_where_it_may" {
  module {
    source = "../modules/service"
  }

  command = plan

  variables {
    name = "shop-dev-users"
    exec = true
  }

  assert {
    condition     = aws_ecs_service.rolling[0].enable_execute_command
    error_message = "ECS Exec is on for tasks that start from now on"
  }
}

run "opens_a_shell_under_codedeploy" {
  module {
    source = "../modules/service"
  }

  command = plan

  variables {
    name       = "shop-dev-carts"
    controller = "CODE_DEPLOY"
    exec       = true
  }

  assert {
    condition     = aws_ecs_service.codedeploy[0].enable_execute_command
    error_message = "a new service of CodeDeploy's has ECS Exec as well"
  }
}

run "does_not_rebalance_without_room" {
  module {
    source = "../modules/service"
  }

  command = plan

  variables {
    minimum_healthy_percent = 50
    maximum_percent         = 100
  }

  assert {
    condition     = aws_ecs_service.rolling[0].availability_zone_rebalancing == "DISABLED"
    error_message = "ECS refuses rebalancing at a maximum of 100 %"
  }
}

run "leaves_all_that_codedeploy_carries_to_it" {
  module {
    source = "../modules/service"
  }

  command = plan

  variables {
    name       = "shop-dev-payments"
    controller = "CODE_DEPLOY"
  }

  assert {
    condition = alltrue([
      length(aws_ecs_service.rolling) == 0,
      aws_ecs_service.codedeploy[0].deployment_controller[0].type == "CODE_DEPLOY",
      length(aws_ecs_service.codedeploy[0].deployment_circuit_breaker) == 0,
      output.name == "shop-dev-payments",
    ])
    error_message = "one service, without the breaker, which CodeDeploy doesn't know"
  }
}

run "keeps_the_former_port_open" {
  module {
    source = "../modules/service"
  }

  command = plan

  variables {
    port        = 9000
    former_port = 8000
    alarm_names = ["shop-dev-orders-errors"]
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.load_balancer[0].from_port == 9000 && aws_vpc_security_group_ingress_rule.former_port[0].to_port == 8000
    error_message = "while a new port rolls out, the tasks of the old one still serve"
  }

  assert {
    condition     = one(aws_ecs_service.rolling[0].alarms).alarm_names == toset(["shop-dev-orders-errors"]) && one(aws_ecs_service.rolling[0].alarms).rollback
    error_message = "alarms take a rollout back"
  }
}

run "lets_nobody_in_where_nobody_is_served" {
  module {
    source = "../modules/service"
  }

  command = plan

  variables {
    serves           = false
    port             = null
    target_group_arn = null
  }

  assert {
    condition = alltrue([
      length(aws_ecs_service.rolling) == 0,
      length(aws_ecs_service.codedeploy) == 0,
      length(aws_vpc_security_group_ingress_rule.load_balancer) == 0,
      length(aws_vpc_security_group_ingress_rule.former_port) == 0,
    ])
    error_message = "jobs have a group of their own, which nobody may connect to, and no ECS service"
  }
}
