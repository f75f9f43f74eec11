mock_provider "aws" {
  source = "../tests"
}

variables {
  name         = "shop-dev-orders"
  vpc_id       = "vpc-1"
  listener_arn = "arn:aws:elasticloadbalancing:us-west-1:123456789012:listener/app/mock/50dc6c495c0c9188/f2f7dc8efc522ab2"
  path         = "/orders"
  priority     = 100
  health       = { path = "/health", interval = 30, timeout = 5, healthy = 2, unhealthy = 2, grace = 30 }
}

run "by_path" {
  module {
    source = "../modules/route"
  }

  command = plan

  assert {
    condition = alltrue([
      length(aws_lb_listener_rule.this.condition) == 1,
      one(one(aws_lb_listener_rule.this.condition).path_pattern).values == toset(["/orders", "/orders/*"]),
      aws_lb_listener_rule.this.priority == 100,
    ])
    error_message = "the path and everything below it, but not /ordersomething"
  }

  assert {
    condition = alltrue([
      aws_lb_target_group.this["blue"].target_type == "ip",
      aws_lb_target_group.this["blue"].deregistration_delay == "30",
      aws_lb_target_group.this["blue"].health_check[0].path == "/health",
      aws_lb_target_group.this["blue"].health_check[0].interval == 30,
      aws_lb_target_group.this["blue"].health_check[0].timeout == 5,
      aws_lb_target_group.this["blue"].health_check[0].healthy_threshold == 2,
      aws_lb_target_group.this["blue"].health_check[0].unhealthy_threshold == 2,
    ])
    error_message = "health is checked as the manifest says, and leaving tasks have 30 s"
  }
}

run "by_host" {
  module {
    source = "../modules/route"
  }

  command = plan

  variables {
    path = "/"
    host = "api.example.com"
  }

  assert {
    condition = alltrue([
      length(aws_lb_listener_rule.this.condition) == 1,
      one(one(aws_lb_listener_rule.this.condition).host_header).values == toset(["api.example.com"]),
    ])
    error_message = "a host with all its paths is one condition"
  }
}

run "by_both" {
  module {
    source = "../modules/route"
  }

  command = plan

  variables {
    host = "api.example.com"
  }

  assert {
    condition     = length(aws_lb_listener_rule.this.condition) == 2
    error_message = "both must match"
  }
}

run "everything_under_a_long_name" {
  module {
    source = "../modules/route"
  }

  command = plan

  variables {
    path = "/"
    name = "twelve-chars-sixteen-letters0-production-a-service-of-24-letters0"
  }

  assert {
    condition     = one(one(aws_lb_listener_rule.this.condition).path_pattern).values == toset(["/*"])
    error_message = "the root takes every path"
  }

  assert {
    condition     = length(aws_lb_target_group.this["blue"].name) <= 32
    error_message = "target groups have 32 characters"
  }
}

run "has_two_groups_and_a_test_rule_under_codedeploy" {
  module {
    source = "../modules/route"
  }

  variables {
    blue_green        = true
    name              = "twelve-chars-sixteen-letters0-production-a-service-of-24-letters0"
    test_listener_arn = "arn:aws:elasticloadbalancing:us-west-1:123456789012:listener/app/mock/50dc6c495c0c9188/0000000000000000"
  }

  assert {
    condition     = alltrue([for group in aws_lb_target_group.this : length(group.name) <= 32]) && aws_lb_target_group.this["blue"].name != aws_lb_target_group.this["green"].name
    error_message = "two names of at most 32 characters"
  }

  assert {
    condition = alltrue([
      aws_lb_listener_rule.test[0].listener_arn == var.test_listener_arn,
      aws_lb_listener_rule.test[0].priority == 100,
      one(one(aws_lb_listener_rule.test[0].condition).path_pattern).values == toset(["/orders", "/orders/*"]),
      aws_lb_listener_rule.this.action[0].target_group_arn == output.target_groups["blue"].arn,
    ])
    error_message = "the test listener answers for the same path"
  }
}

# A rule that CodeDeploy left on the green group would keep that group from going.
run "makes_its_rule_anew_when_it_goes_back_to_rolling" {
  module {
    source = "../modules/route"
  }

  variables {
    name = "twelve-chars-sixteen-letters0-production-a-service-of-24-letters0"
  }

  assert {
    condition     = aws_lb_target_group.this["blue"].id == run.has_two_groups_and_a_test_rule_under_codedeploy.target_groups["blue"].id
    error_message = "the blue group stays"
  }

  assert {
    condition     = aws_lb_listener_rule.this.id != run.has_two_groups_and_a_test_rule_under_codedeploy.rule_id
    error_message = "the rule is a new one"
  }
}

run "refuses_to_cut_requests_short" {
  module {
    source = "../modules/route"
  }

  command = plan

  variables {
    deregistration_delay = 29
  }

  expect_failures = [var.deregistration_delay]
}
