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

run "names_the_environment_and_takes_a_range_beside_others" {
  command = plan

  variables {
    owner          = "acme"
    cidr           = "10.1.16.0/20"
    reserved_cidrs = ["10.1.0.0/20", "10.1.32.0/19", "10.2.0.0/16", "192.168.0.0/16"] # beside it
  }

  assert {
    condition     = aws_ssm_parameter.contract.name == "/acme-shop-default/platform"
    error_message = "the contract's parameter is /<owner>-<project>-<environment>/platform"
  }
}

run "tells_services_all_they_need" {
  assert {
    condition = toset(keys(jsondecode(aws_ssm_parameter.contract.insecure_value))) == toset([
      "alarm_topic_arn", "alarms", "assign_public_ip", "cache", "callers_security_group_id", "cluster_arn", "cluster_name", "database",
      "kms_key_arn", "listener_arn", "load_balancer_arn", "load_balancer_dns",
      "load_balancer_security_group_id", "log_retention", "namespace", "private_subnets", "public_subnets", "replica_region", "scaling",
      "schema_version", "task_subnets", "test_listener_arn", "test_port", "test_url", "url", "vpc_id",
    ])
    error_message = "a key of the contract came or went; going needs a new schema_version"
  }

  assert {
    condition     = aws_ssm_parameter.contract.name == "/shop-default/platform"
    error_message = "without an owner, names begin with the project"
  }

  assert {
    condition = alltrue([
      jsondecode(output.contract).assign_public_ip == false,
      jsondecode(output.contract).task_subnets == jsondecode(output.contract).private_subnets,
    ])
    error_message = "with NAT, tasks run in private subnets and have no public address"
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

run "answers_https_without_nat_and_without_what_costs" {
  variables {
    certificate_arn = "arn:aws:acm:us-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
    nat             = "none"
    access_logs     = false
    alarms          = false
    dashboard       = false
    encryption_key  = false
    flow_logs       = false
    network_acls    = false
  }

  assert {
    condition     = output.url == "https://mock.us-west-1.elb.amazonaws.com"
    error_message = "with a certificate the environment answers on HTTPS"
  }

  assert {
    condition = alltrue([
      jsondecode(output.contract).assign_public_ip == true,
      jsondecode(output.contract).task_subnets == jsondecode(output.contract).public_subnets,
    ])
    error_message = "without NAT, a task in a private subnet could not pull its image"
  }

  assert {
    condition     = length(module.key) + length(module.alerts) + length(module.dashboard) + length(module.identity) + length(module.waf) + length(module.api_gateway) == 0
    error_message = "nothing is made that was not asked for"
  }

  assert {
    condition     = output.dashboard == null && output.github_roles == null
    error_message = "what is not there is null"
  }
}

run "answers_by_the_gateway_with_everything_on" {
  variables {
    alarm_emails    = ["oncall@example.com"]
    api_gateway     = true
    github_subjects = ["repo:acme/shop:environment:default"]
    protected       = true
    waf             = true
  }

  assert {
    condition     = output.url == "https://mock.execute-api.us-west-1.amazonaws.com"
    error_message = "the API's address is the environment's"
  }

  assert {
    condition     = keys(output.github_roles) == ["apply", "build", "deploy", "plan"]
    error_message = "GitHub's jobs have a role each, but for promoting to where nobody is named"
  }

  assert {
    condition = alltrue([
      jsondecode(output.contract).alarm_topic_arn == "arn:aws:sns:us-west-1:123456789012:mock",
      startswith(jsondecode(output.contract).kms_key_arn, "arn:aws:kms:"),
      jsondecode(output.contract).alarms,
    ])
    error_message = "services learn of the key and of the topic"
  }
}

run "takes_the_longest_names" {
  command = plan

  variables {
    owner           = "twelve-chars"
    project         = "sixteen-letters0"
    api_gateway     = true
    github_subjects = ["repo:acme/shop:environment:default"]
    waf             = true
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
    alarm_emails         = ["oncall"]
    api_burst            = 0
    api_rate             = 0
    certificate_arn      = "my-certificate"
    cidr                 = "ten"
    dns_hostnames        = false
    domain_name          = "API"
    github_plan_subjects = ["repo:acme/shop:ref:refs/heads/main"]
    github_subjects      = ["repo:acme/*:environment:prod"]

    github_promote_subjects = ["repo:acme/shop:*"]
    registry_environment    = "Dev"
    interface_endpoints     = true
    log_retention           = 2
    nat                     = "two"
    owner                   = "Acme"
    project                 = "shop-"
    region                  = "california"
    test_cidrs              = ["0.0.0.0/0"]
    waf_rate                = 10
    zones                   = 1
  }

  expect_failures = [
    var.alarm_emails,
    var.api_burst,
    var.api_rate,
    var.certificate_arn,
    var.cidr,
    var.domain_name,
    var.github_plan_subjects,
    var.github_promote_subjects,
    var.github_subjects,
    var.interface_endpoints,
    var.log_retention,
    var.nat,
    var.owner,
    var.project,
    var.region,
    var.registry_environment,
    var.test_cidrs,
    var.waf_rate,
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

run "refuses_an_overlap_from_above_and_below" {
  command = plan

  variables {
    cidr           = "10.1.16.0/20"
    reserved_cidrs = ["10.2.0.0/16", "10.1.0.0/16"]
  }

  expect_failures = [var.reserved_cidrs]
}

run "refuses_an_overlap_with_a_smaller_range" {
  command = plan

  variables {
    reserved_cidrs = ["10.1.200.0/24"]
  }

  expect_failures = [var.reserved_cidrs]
}

run "refuses_a_protected_environment_without_logs_and_key_and_no_range" {
  command = plan

  variables {
    protected      = true
    encryption_key = false
    log_retention  = 0
    reserved_cidrs = ["ten"]
  }

  expect_failures = [var.encryption_key, var.log_retention, var.reserved_cidrs]
}

run "refuses_a_gateway_that_could_not_check_the_certificate" {
  command = plan

  variables {
    api_gateway     = true
    certificate_arn = "arn:aws:acm:us-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
  }

  expect_failures = [var.api_gateway]
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
