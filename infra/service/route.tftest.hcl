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
      aws_lb_target_group.this.target_type == "ip",
      aws_lb_target_group.this.deregistration_delay == "30",
      aws_lb_target_group.this.health_check[0].path == "/health",
      aws_lb_target_group.this.health_check[0].interval == 30,
      aws_lb_target_group.this.health_check[0].timeout == 5,
      aws_lb_target_group.this.health_check[0].healthy_threshold == 2,
      aws_lb_target_group.this.health_check[0].unhealthy_threshold == 2,
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
    condition     = length(aws_lb_target_group.this.name) <= 32
    error_message = "target groups have 32 characters"
  }
}
