# What modules refuse by themselves, whoever calls them. One run per rule where several are of the
# same variable: two broken ones in the same run could not be told apart.

mock_provider "aws" {
  source = "../tests"
}

run "an_alarm_for_nobody" {
  module {
    source = "../modules/alerts"
  }

  command = plan

  variables {
    name          = "shop-dev"
    account_id    = "123456789012"
    cluster_arn   = "arn:aws:ecs:us-west-1:123456789012:cluster/shop-dev"
    load_balancer = "app/shop-dev/1"
    emails        = ["oncall"]
  }

  expect_failures = [var.emails]
}

run "a_cache_that_elasticache_lacks" {
  module {
    source = "../modules/cache"
  }

  command = plan

  variables {
    name          = "shop-dev"
    vpc_id        = "vpc-1"
    subnets       = ["subnet-1", "subnet-2"]
    node_type     = "t4g.micro"
    nodes         = 7
    snapshot_days = 36
    protected     = false
  }

  expect_failures = [var.node_type, var.nodes, var.snapshot_days]
}

run "a_database_that_rds_lacks" {
  module {
    source = "../modules/database"
  }

  command = plan

  variables {
    name           = "a-name-of-fifty-eight-characters-that-is-one-too-many-0000"
    account_id     = "123456789012"
    vpc_id         = "vpc-1"
    subnets        = ["subnet-1"]
    instance_class = "micro"
    storage        = 19
    storage_max    = 100
    multi_az       = false
    protected      = false
    backup_days    = 36
  }

  expect_failures = [var.backup_days, var.instance_class, var.name, var.storage, var.subnets]
}

run "a_protected_database_without_backups" {
  module {
    source = "../modules/database"
  }

  command = plan

  variables {
    name           = "shop-dev"
    account_id     = "123456789012"
    vpc_id         = "vpc-1"
    subnets        = ["subnet-1", "subnet-2"]
    instance_class = "db.t4g.micro"
    storage        = 20
    storage_max    = 100
    multi_az       = false
    protected      = true
    backup_days    = 0
  }

  expect_failures = [var.backup_days]
}

run "a_database_without_room_to_grow" {
  module {
    source = "../modules/database"
  }

  command = plan

  variables {
    name           = "shop-dev"
    account_id     = "123456789012"
    vpc_id         = "vpc-1"
    subnets        = ["subnet-1", "subnet-2"]
    instance_class = "db.t4g.micro"
    storage        = 20
    storage_max    = 21
    multi_az       = false
    protected      = false
  }

  expect_failures = [var.storage_max]
}

run "planners_from_everywhere" {
  module {
    source = "../modules/identity"
  }

  command = plan

  variables {
    name          = "shop-dev"
    account_id    = "123456789012"
    region        = "us-west-1"
    environment   = "dev"
    registry      = "shop"
    state_bucket  = "state"
    lock_table    = "locks"
    subjects      = ["repo:acme/shop:environment:dev"]
    plan_subjects = ["repo:acme/shop:pull_request"]
  }

  expect_failures = [var.plan_subjects]
}

run "promoters_from_everywhere" {
  module {
    source = "../modules/identity"
  }

  command = plan

  variables {
    name             = "shop-dev"
    account_id       = "123456789012"
    region           = "us-west-1"
    environment      = "dev"
    registry         = "shop"
    state_bucket     = "state"
    lock_table       = "locks"
    subjects         = ["repo:acme/shop:environment:dev"]
    promote_subjects = ["repo:acme/*:environment:prod"]
  }

  expect_failures = [var.promote_subjects]
}

run "a_certificate_that_is_none" {
  module {
    source = "../modules/load_balancer"
  }

  command = plan

  variables {
    name            = "shop-dev"
    account_id      = "123456789012"
    region          = "us-west-1"
    vpc_id          = "vpc-1"
    vpc_cidr        = "10.1.0.0/16"
    subnets         = ["subnet-1", "subnet-2"]
    protected       = false
    certificate_arn = "mine"
  }

  expect_failures = [var.certificate_arn]
}

run "a_limit_without_room_for_the_hash" {
  module {
    source = "../modules/name"
  }

  command = plan

  variables {
    full  = "shop-dev"
    limit = 15
  }

  expect_failures = [var.limit]
}

run "a_range_off_its_start" {
  module {
    source = "../modules/network"
  }

  command = plan

  variables {
    name                = "shop-dev"
    account_id          = "123456789012"
    region              = "us-west-1"
    cidr                = "10.1.2.0/16"
    nat                 = "two"
    zones               = 4
    interface_endpoints = true
    dns_hostnames       = false
  }

  expect_failures = [var.cidr, var.interface_endpoints, var.nat, var.zones]
}

run "a_range_too_small" {
  module {
    source = "../modules/network"
  }

  command = plan

  variables {
    name       = "shop-dev"
    account_id = "123456789012"
    region     = "us-west-1"
    cidr       = "10.1.0.0/21"
  }

  expect_failures = [var.cidr]
}

run "a_taken_range_that_is_none" {
  module {
    source = "../modules/network"
  }

  command = plan

  variables {
    name           = "shop-dev"
    account_id     = "123456789012"
    region         = "us-west-1"
    reserved_cidrs = ["ten"]
  }

  expect_failures = [var.reserved_cidrs]
}

run "a_range_that_is_taken" {
  module {
    source = "../modules/network"
  }

  command = plan

  variables {
    name           = "shop-dev"
    account_id     = "123456789012"
    region         = "us-west-1"
    reserved_cidrs = ["10.1.128.0/20"]
  }

  expect_failures = [var.reserved_cidrs]
}

run "a_firewall_that_blocks_everyone" {
  module {
    source = "../modules/waf"
  }

  command = plan

  variables {
    name              = "shop-dev"
    load_balancer_arn = "arn:aws:elasticloadbalancing:us-west-1:123456789012:loadbalancer/app/mock/50dc6c495c0c9188"
    rate              = 99
    log_retention     = 30
  }

  expect_failures = [var.rate]
}
