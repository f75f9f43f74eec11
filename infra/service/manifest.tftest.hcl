# One run per rule: they are all of the variable `service`, so that two broken ones in the same run
# could not be told apart.

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

run "refuses_a_capital_in_the_name" {
  command = plan

  variables {
    service = merge(var.service, { name = "Orders" })
  }

  expect_failures = [var.service]
}

run "refuses_a_privileged_port" {
  command = plan

  variables {
    service = merge(var.service, { port = 80 })
  }

  expect_failures = [var.service]
}

run "refuses_a_size_that_fargate_does_not_have" {
  command = plan

  variables {
    service = merge(var.service, { memory = 4096 })
  }

  expect_failures = [var.service]
}

run "refuses_a_cpu_that_fargate_does_not_have" {
  command = plan

  variables {
    service = merge(var.service, { cpu = 300 })
  }

  expect_failures = [var.service]
}

run "refuses_an_unknown_architecture" {
  command = plan

  variables {
    service = merge(var.service, { architecture = "arm" })
  }

  expect_failures = [var.service]
}

run "refuses_a_stop_timeout_shorter_than_the_drain" {
  command = plan

  variables {
    service = merge(var.service, { stop_timeout = 44 })
  }

  expect_failures = [var.service]
}

run "refuses_a_stop_timeout_that_fargate_cuts" {
  command = plan

  variables {
    service = merge(var.service, { stop_timeout = 121 })
  }

  expect_failures = [var.service]
}

run "refuses_a_health_path_with_a_quote" {
  command = plan

  variables {
    service = merge(var.service, { health = merge(var.service.health, { path = "/he'alth" }) })
  }

  expect_failures = [var.service]
}

run "refuses_checks_too_often" {
  command = plan

  variables {
    service = merge(var.service, { health = merge(var.service.health, { interval = 4, timeout = 2 }) })
  }

  expect_failures = [var.service]
}

run "refuses_a_check_as_long_as_its_interval" {
  command = plan

  variables {
    service = merge(var.service, { health = merge(var.service.health, { interval = 5 }) })
  }

  expect_failures = [var.service]
}

run "refuses_one_check_to_decide" {
  command = plan

  variables {
    service = merge(var.service, { health = merge(var.service.health, { unhealthy = 1 }) })
  }

  expect_failures = [var.service]
}

run "refuses_too_long_a_grace" {
  command = plan

  variables {
    service = merge(var.service, { health = merge(var.service.health, { grace = 301 }) })
  }

  expect_failures = [var.service]
}

run "refuses_a_route_to_nowhere" {
  command = plan

  variables {
    service = merge(var.service, { route = merge(var.service.route, { path = "" }) })
  }

  expect_failures = [var.service]
}

run "refuses_a_path_with_a_slash_at_its_end" {
  command = plan

  variables {
    service = merge(var.service, { route = merge(var.service.route, { path = "/orders/" }) })
  }

  expect_failures = [var.service]
}

run "refuses_a_host_with_a_scheme" {
  command = plan

  variables {
    service = merge(var.service, { route = merge(var.service.route, { host = "https://example.com" }) })
  }

  expect_failures = [var.service]
}

run "refuses_a_priority_out_of_range" {
  command = plan

  variables {
    service = merge(var.service, { route = merge(var.service.route, { priority = 50000 }) })
  }

  expect_failures = [var.service]
}

run "refuses_a_max_below_min" {
  command = plan

  variables {
    service = merge(var.service, { scale = merge(var.service.scale, { min = 5 }) })
  }

  expect_failures = [var.service]
}

run "refuses_a_target_above_all" {
  command = plan

  variables {
    service = merge(var.service, { scale = merge(var.service.scale, { cpu = 101 }) })
  }

  expect_failures = [var.service]
}

run "refuses_an_unknown_strategy" {
  command = plan

  variables {
    service = merge(var.service, { deploy = merge(var.service.deploy, { strategy = "yolo" }) })
  }

  expect_failures = [var.service]
}

run "refuses_a_maximum_below_all" {
  command = plan

  variables {
    service = merge(var.service, { deploy = merge(var.service.deploy, { minimum_healthy_percent = 0, maximum_percent = 99 }) })
  }

  expect_failures = [var.service]
}

run "refuses_a_rollout_that_could_not_move" {
  command = plan

  variables {
    service = merge(var.service, { deploy = merge(var.service.deploy, { maximum_percent = 150 }) })
  }

  expect_failures = [var.service]
}

run "refuses_a_variable_with_a_hyphen" {
  command = plan

  variables {
    service = merge(var.service, { env = { "MY-NAME" = "x" } })
  }

  expect_failures = [var.service]
}

run "refuses_a_variable_of_ours" {
  command = plan

  variables {
    service = merge(var.service, { env = { PORT = "1" } })
  }

  expect_failures = [var.service]
}

run "refuses_a_variable_of_the_database" {
  command = plan

  variables {
    service = merge(var.service, { env = { DATABASE_HOST = "mine" }, database = { enabled = true, migrate = ["migrate"] } })
  }

  expect_failures = [var.service]
}

run "refuses_a_secret_that_is_a_variable_of_the_cache" {
  command = plan

  variables {
    service = merge(var.service, { secrets = ["CACHE_PREFIX"], cache = { enabled = true } })
  }

  expect_failures = [var.service]
}

run "refuses_a_parameter_that_is_the_name_of_a_bucket" {
  command = plan

  variables {
    service = merge(var.service, { parameters = { BUCKET_RAW_DATA = "/shop/bucket" }, buckets = { raw-data = {} } })
  }

  expect_failures = [var.service]
}

run "takes_variables_of_a_database_that_it_has_not" {
  command = plan

  variables {
    service = merge(var.service, { env = { DATABASE_HOST = "mine", CACHE_TTL = "60", BUCKET_UPLOADS = "mine" } })
  }

  assert {
    condition     = local.env["DATABASE_HOST"] == "mine"
    error_message = "names are reserved only where the service gets them"
  }
}

run "refuses_a_standby_of_days" {
  command = plan

  variables {
    service = merge(var.service, { deploy = merge(var.service.deploy, { standby = 2881 }) })
  }

  expect_failures = [var.service]
}

run "refuses_a_shift_of_everything" {
  command = plan

  variables {
    service = merge(var.service, { deploy = merge(var.service.deploy, { strategy = "canary", shift = { percent = 100 } }) })
  }

  expect_failures = [var.service]
}

run "refuses_a_shift_that_takes_longer_than_two_days" {
  command = plan

  variables {
    service = merge(var.service, { deploy = merge(var.service.deploy, { strategy = "linear", shift = { percent = 1, minutes = 30 } }) })
  }

  expect_failures = [var.service]
}

run "refuses_an_alarm_that_never_rings" {
  command = plan

  variables {
    service = merge(var.service, { alarms = { cpu = 101 } })
  }

  expect_failures = [var.service]
}

run "refuses_a_bucket_with_a_capital" {
  command = plan

  variables {
    service = merge(var.service, { buckets = { Uploads = {} } })
  }

  expect_failures = [var.service]
}

run "refuses_a_secret_that_is_no_variable" {
  command = plan

  variables {
    service = merge(var.service, { secrets = ["stripe-key"] })
  }

  expect_failures = [var.service]
}

run "refuses_a_parameter_without_its_path" {
  command = plan

  variables {
    service = merge(var.service, { parameters = { FLAGS = "flags" } })
  }

  expect_failures = [var.service]
}

run "refuses_a_variable_that_is_a_secret_as_well" {
  command = plan

  variables {
    service = merge(var.service, { secrets = ["GREETING"] })
  }

  expect_failures = [var.service]
}

run "refuses_a_privileged_port_from_before" {
  command = plan

  variables {
    service = merge(var.service, { former_port = 80 })
  }

  expect_failures = [var.service]
}
