# A state from before resources were renamed loses none of them: a resource that is made anew gets
# another id from the mocked provider.

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
  }
}

run "as_it_was" {
  state_key = "orders"

  module {
    source = "../tests/former"
  }
}

run "as_it_is" {
  state_key = "orders"

  assert {
    condition     = module.route[0].target_groups["blue"].id == run.as_it_was.ids.target_group
    error_message = "the target group stays, under its new address"
  }

  assert {
    condition     = module.service.id == run.as_it_was.ids.service
    error_message = "the service stays, under its new address"
  }

  assert {
    condition     = aws_cloudwatch_log_group.this["app"].id == run.as_it_was.ids.log_group
    error_message = "the log group stays, under its new address"
  }
}
