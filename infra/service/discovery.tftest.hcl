# `terraform test` runs in the workspace `default`, so that the environment is called so here.

mock_provider "aws" {
  alias  = "replica"
  source = "../tests"
}

mock_provider "aws" {
  source = "../tests"
}

variables {
  environment = "default"
  project     = "shop"
  region      = "us-west-1"
  protected   = false
  image       = "123456789012.dkr.ecr.us-west-1.amazonaws.com/shop/orders@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

  service = {
    name         = "orders"
    port         = 8000
    cpu          = 256
    memory       = 512
    architecture = "x86_64"
    stop_timeout = 45
    env          = { GREETING = "Hello" }
    health       = { path = "/health", interval = 30, timeout = 5, healthy = 2, unhealthy = 2, grace = 30 }
    route        = { path = "/orders", host = "", priority = 100 }
    scale        = { min = 1, max = 4, cpu = 70, memory = 80, requests = 1000 }
    deploy       = { strategy = "rolling", minimum_healthy_percent = 100, maximum_percent = 200 }
    calls        = { stock-room = { port = 9000, path = "/stock" }, users = { port = 8000, path = "/" } }
  }
}

run "hands_over_addresses" {
  variables {
    owner = "acme"
  }

  assert {
    condition = local.addresses == {
      STOCK_ROOM_URL = "http://stock-room.acme-shop-default.internal:9000/stock"
      USERS_URL      = "http://users.acme-shop-default.internal:8000"
    }
    error_message = "host, port and path of each service that it needs"
  }

  assert {
    condition     = local.env["USERS_URL"] == local.addresses["USERS_URL"] && local.env["GREETING"] == "Hello"
    error_message = "the container gets them as variables"
  }

  assert {
    condition     = contains(output.network.security_groups, "sg-callers") && length(output.network.security_groups) == 2
    error_message = "its tasks are among those that call, also where CodeDeploy starts them"
  }
}

run "asks_nobody_where_it_needs_nobody" {
  variables {
    service = merge(var.service, { calls = {} })
  }

  assert {
    condition     = one(output.network.security_groups) == output.security_group_id && length(local.addresses) == 0
    error_message = "who calls nobody is let in nowhere"
  }
}

run "refuses_a_variable_that_is_an_address" {
  command = plan

  variables {
    service = merge(var.service, { env = { STOCK_ROOM_URL = "http://elsewhere" } })
  }

  expect_failures = [var.service]
}

# --- The module -----------------------------------------------------------------------------------

run "is_entered_under_its_short_name" {
  command = plan

  module {
    source = "../modules/service"
  }

  variables {
    name                            = "shop-dev-orders"
    short_name                      = "orders"
    namespace_id                    = "ns-1"
    callers_security_group_id       = "sg-callers"
    called                          = true
    cluster_arn                     = "arn:aws:ecs:us-west-1:123456789012:cluster/shop-dev"
    vpc_id                          = "vpc-1"
    subnets                         = ["subnet-1"]
    assign_public_ip                = false
    load_balancer_security_group_id = "sg-lb"
    port                            = 8000
    former_port                     = 7000
    grace                           = 30
    desired_count                   = 2
    minimum_healthy_percent         = 100
    maximum_percent                 = 200
    target_group_arn                = "arn:aws:elasticloadbalancing:us-west-1:123456789012:targetgroup/mock/73e2d6bc24d8a067"
    task_definition_arn             = "arn:aws:ecs:us-west-1:123456789012:task-definition/mock:1"
    container_name                  = "app"
  }

  assert {
    condition = alltrue([
      aws_service_discovery_service.this[0].name == "orders",
      aws_service_discovery_service.this[0].dns_config[0].namespace_id == "ns-1",
      aws_service_discovery_service.this[0].dns_config[0].routing_policy == "MULTIVALUE",
      aws_service_discovery_service.this[0].dns_config[0].dns_records[0].type == "A",
      aws_service_discovery_service.this[0].dns_config[0].dns_records[0].ttl == 10,
      aws_service_discovery_service.this[0].health_check_custom_config[0].failure_threshold == 1,
      length(aws_ecs_service.rolling[0].service_registries) == 1,
    ])
    error_message = "addresses of its healthy tasks, forgotten after ten seconds"
  }

  assert {
    condition = alltrue([
      toset(keys(aws_vpc_security_group_ingress_rule.callers)) == toset(["7000", "8000"]),
      alltrue([for rule in aws_vpc_security_group_ingress_rule.callers :
      rule.referenced_security_group_id == "sg-callers" && rule.cidr_ipv4 == null && rule.from_port == rule.to_port]),
    ])
    error_message = "callers get in on its port, and on the one before while that is left; nobody else"
  }
}

run "lets_nobody_in_whom_nobody_needs" {
  command = plan

  module {
    source = "../modules/service"
  }

  variables {
    name                            = "shop-dev-orders"
    short_name                      = "orders"
    namespace_id                    = null
    callers_security_group_id       = "sg-callers"
    controller                      = "CODE_DEPLOY"
    cluster_arn                     = "arn:aws:ecs:us-west-1:123456789012:cluster/shop-dev"
    vpc_id                          = "vpc-1"
    subnets                         = ["subnet-1"]
    assign_public_ip                = false
    load_balancer_security_group_id = "sg-lb"
    port                            = 8000
    grace                           = 30
    desired_count                   = 2
    minimum_healthy_percent         = 100
    maximum_percent                 = 200
    target_group_arn                = "arn:aws:elasticloadbalancing:us-west-1:123456789012:targetgroup/mock/73e2d6bc24d8a067"
    task_definition_arn             = "arn:aws:ecs:us-west-1:123456789012:task-definition/mock:1"
    container_name                  = "app"
  }

  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.callers) == 0
    error_message = "only services that are needed can be called"
  }

  assert {
    condition     = length(aws_service_discovery_service.this) == 0 && length(aws_ecs_service.codedeploy[0].service_registries) == 0
    error_message = "a platform without names, of an earlier checkout, has nowhere to enter it"
  }
}
