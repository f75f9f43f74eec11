# `terraform test` runs in the workspace `default`, so that the environment is called so here.

mock_provider "aws" {
  source = "../tests"
}

variables {
  environment = "default"
  project     = "shop"
  region      = "us-west-1"
  protected   = false
}

run "names_the_environment" {
  command = plan

  variables {
    owner = "acme"
  }

  assert {
    condition     = aws_ssm_parameter.contract.name == "/acme-shop-default/platform"
    error_message = "the contract's parameter is /<owner>-<project>-<environment>/platform"
  }
}

run "leaves_an_empty_owner_out" {
  command = plan

  assert {
    condition     = aws_ssm_parameter.contract.name == "/shop-default/platform"
    error_message = "without an owner, names begin with the project"
  }
}

run "tells_services_all_they_need" {
  assert {
    condition = toset(keys(jsondecode(aws_ssm_parameter.contract.insecure_value))) == toset([
      "alarm_topic_arn", "alarms", "assign_public_ip", "cache", "cluster_arn", "cluster_name", "database",
      "kms_key_arn", "listener_arn", "load_balancer_arn", "load_balancer_dns",
      "load_balancer_security_group_id", "log_retention", "private_subnets", "public_subnets", "scaling",
      "schema_version", "task_subnets", "test_listener_arn", "test_port", "url", "vpc_id",
    ])
    error_message = "a key of the contract came or went; going needs a new schema_version"
  }

  assert {
    condition     = jsondecode(output.contract).cluster_name == "shop-default"
    error_message = "the cluster is called <owner>-<project>-<environment>"
  }

  assert {
    condition     = aws_ssm_parameter.contract.insecure_value == output.contract
    error_message = "the output and the parameter say the same"
  }

  assert {
    condition     = output.url == "http://mock.us-west-1.elb.amazonaws.com"
    error_message = "without a certificate the environment answers on plain HTTP"
  }
}

run "keeps_tasks_private_behind_nat" {
  variables {
    nat = "one"
  }

  assert {
    condition = alltrue([
      jsondecode(output.contract).assign_public_ip == false,
      jsondecode(output.contract).task_subnets == jsondecode(output.contract).private_subnets,
    ])
    error_message = "with NAT, tasks run in private subnets and have no public address"
  }
}

run "gives_tasks_public_addresses_without_nat" {
  variables {
    nat = "none"
  }

  assert {
    condition = alltrue([
      jsondecode(output.contract).assign_public_ip == true,
      jsondecode(output.contract).task_subnets == jsondecode(output.contract).public_subnets,
    ])
    error_message = "without NAT, a task in a private subnet could not pull its image"
  }
}

run "answers_https_with_a_certificate" {
  variables {
    certificate_arn = "arn:aws:acm:us-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
  }

  assert {
    condition     = output.url == "https://mock.us-west-1.elb.amazonaws.com"
    error_message = "with a certificate the environment answers on HTTPS"
  }
}

run "takes_the_longest_names" {
  command = plan

  variables {
    owner   = "twelve-chars"
    project = "sixteen-letters0"
  }

  assert {
    condition     = aws_ssm_parameter.contract.name == "/twelve-chars-sixteen-letters0-default/platform"
    error_message = "the longest owner and project are taken"
  }
}

# --- Refused ------------------------------------------------------------------------------------

run "refuses_another_environments_workspace" {
  command = plan

  variables {
    environment = "prod"
  }

  expect_failures = [var.environment]
}

run "refuses_what_makes_no_sense" {
  command = plan

  variables {
    certificate_arn = "my-certificate"
    cidr            = "ten"
    nat             = "two"
    owner           = "Acme"
    project         = "shop-"
    region          = "california"
    zones           = 1
  }

  expect_failures = [
    var.certificate_arn,
    var.cidr,
    var.nat,
    var.owner,
    var.project,
    var.region,
    var.zones,
  ]
}

run "refuses_a_range_too_small_and_names_too_long" {
  command = plan

  variables {
    cidr    = "10.1.0.0/21"
    project = "seventeen-letters"
    owner   = "thirteen-char"
  }

  expect_failures = [var.cidr, var.owner, var.project]
}

run "refuses_a_range_too_large" {
  command = plan

  variables {
    cidr = "10.0.0.0/8"
  }

  expect_failures = [var.cidr]
}

run "refuses_a_range_off_its_start" {
  command = plan

  variables {
    cidr = "10.1.2.0/16"
  }

  expect_failures = [var.cidr]
}
