# What modules refuse by themselves, whoever calls them. One run per rule where several are of the
# same variable: two broken ones in the same run could not be told apart.

mock_provider "aws" {
  source = "../tests"
}

run "a_bucket_with_a_name_too_long" {
  module {
    source = "../modules/bucket"
  }

  command = plan

  variables {
    name      = "a-bucket-whose-name-has-sixty-four-characters-one-more-than-s3-00"
    protected = false
  }

  expect_failures = [var.name]
}

run "more_alarms_than_codedeploy_watches" {
  module {
    source = "../modules/codedeploy"
  }

  command = plan

  variables {
    name          = "a-name-of-sixty-nine-characters-with-which-a-configuration-had-101-000"
    account_id    = "123456789012"
    partition     = "aws"
    region        = "us-west-1"
    cluster_name  = "shop-dev"
    service_name  = "shop-dev-orders"
    strategy      = "rolling"
    shift         = { percent = 10, minutes = 5 }
    standby       = 2881
    ready_wait    = 2881
    listener_arn  = "arn:aws:elasticloadbalancing:us-west-1:123456789012:listener/app/mock/50dc6c495c0c9188/f2f7dc8efc522ab2"
    target_groups = { blue = "orders", green = "orders-green" }
    task_roles    = ["arn:aws:iam::123456789012:role/task"]
    alarm_names   = [for number in range(11) : "alarm-${number}"]
  }

  expect_failures = [var.alarm_names, var.name, var.ready_wait, var.standby, var.strategy]
}

run "a_shift_of_everything" {
  module {
    source = "../modules/codedeploy"
  }

  command = plan

  variables {
    name          = "shop-dev-orders"
    account_id    = "123456789012"
    partition     = "aws"
    region        = "us-west-1"
    cluster_name  = "shop-dev"
    service_name  = "shop-dev-orders"
    strategy      = "canary"
    shift         = { percent = 100, minutes = 5 }
    standby       = 10
    listener_arn  = "arn:aws:elasticloadbalancing:us-west-1:123456789012:listener/app/mock/50dc6c495c0c9188/f2f7dc8efc522ab2"
    target_groups = { blue = "orders", green = "orders-green" }
    task_roles    = ["arn:aws:iam::123456789012:role/task"]
  }

  expect_failures = [var.shift]
}

run "a_shift_of_three_days" {
  module {
    source = "../modules/codedeploy"
  }

  command = plan

  variables {
    name          = "shop-dev-orders"
    account_id    = "123456789012"
    partition     = "aws"
    region        = "us-west-1"
    cluster_name  = "shop-dev"
    service_name  = "shop-dev-orders"
    strategy      = "canary"
    shift         = { percent = 10, minutes = 2881 }
    standby       = 10
    listener_arn  = "arn:aws:elasticloadbalancing:us-west-1:123456789012:listener/app/mock/50dc6c495c0c9188/f2f7dc8efc522ab2"
    target_groups = { blue = "orders", green = "orders-green" }
    task_roles    = ["arn:aws:iam::123456789012:role/task"]
  }

  expect_failures = [var.shift]
}

run "groups_by_something_else_than_a_word" {
  module {
    source = "../modules/observability"
  }

  command = plan

  variables {
    name              = "shop-dev-orders"
    cluster_name      = "shop-dev"
    service_name      = "shop-dev-orders"
    load_balancer_arn = "arn:aws:elasticloadbalancing:us-west-1:123456789012:loadbalancer/app/shop-dev/50dc6c495c0c9188"
    target_groups     = { "blue-1" = "arn:aws:elasticloadbalancing:us-west-1:123456789012:targetgroup/orders/73e2d6bc24d8a067" }
    thresholds        = { cpu = 80, memory = 90, errors = 1, latency = 1 }
  }

  expect_failures = [var.target_groups]
}

run "a_share_above_all" {
  module {
    source = "../modules/observability"
  }

  command = plan

  variables {
    name              = "shop-dev-orders"
    cluster_name      = "shop-dev"
    service_name      = "shop-dev-orders"
    load_balancer_arn = "arn:aws:elasticloadbalancing:us-west-1:123456789012:loadbalancer/app/shop-dev/50dc6c495c0c9188"
    target_groups     = { blue = "arn:aws:elasticloadbalancing:us-west-1:123456789012:targetgroup/orders/73e2d6bc24d8a067" }
    thresholds        = { cpu = 80, memory = 101, errors = 1, latency = 1 }
  }

  expect_failures = [var.thresholds]
}

run "an_answer_before_the_question" {
  module {
    source = "../modules/observability"
  }

  command = plan

  variables {
    name              = "shop-dev-orders"
    cluster_name      = "shop-dev"
    service_name      = "shop-dev-orders"
    load_balancer_arn = "arn:aws:elasticloadbalancing:us-west-1:123456789012:loadbalancer/app/shop-dev/50dc6c495c0c9188"
    target_groups     = { blue = "arn:aws:elasticloadbalancing:us-west-1:123456789012:targetgroup/orders/73e2d6bc24d8a067" }
    thresholds        = { cpu = 80, memory = 90, errors = 1, latency = 0 }
  }

  expect_failures = [var.thresholds]
}

run "a_repository_without_a_project" {
  module {
    source = "../modules/registry"
  }

  command = plan

  variables {
    name      = "orders"
    service   = "orders"
    protected = false
  }

  expect_failures = [var.name]
}

run "scaling_by_three_groups" {
  module {
    source = "../modules/scaling"
  }

  command = plan

  variables {
    cluster_name  = "shop-dev"
    service_name  = "shop-dev-orders"
    min           = 1
    max           = 4
    cpu           = 70
    memory        = 80
    requests      = 1000
    load_balancer = "app/shop-dev/1"
    target_groups = { blue = "targetgroup/a/1", green = "targetgroup/b/2", red = "targetgroup/c/3" }
  }

  expect_failures = [var.target_groups]
}

run "a_secret_with_a_slash" {
  module {
    source = "../modules/secrets"
  }

  command = plan

  variables {
    prefix       = "shop-dev/orders"
    protected    = false
    placeholders = { "a/b" = "not set" }
    rotation     = { "a/b" = { function_arn = "arn:aws:lambda:us-west-1:123456789012:function:rotation", days = 91 } }
  }

  expect_failures = [var.placeholders, var.rotation]
}

run "a_controller_of_somebody_else" {
  module {
    source = "../modules/service"
  }

  command = plan

  variables {
    name                            = "shop-dev-orders"
    cluster_arn                     = "arn:aws:ecs:us-west-1:123456789012:cluster/shop-dev"
    vpc_id                          = "vpc-1"
    subnets                         = ["subnet-3"]
    assign_public_ip                = false
    load_balancer_security_group_id = "sg-1"
    port                            = 8000
    grace                           = 30
    desired_count                   = 1
    controller                      = "EXTERNAL"
    minimum_healthy_percent         = 100
    maximum_percent                 = 200
    target_group_arn                = "arn:aws:elasticloadbalancing:us-west-1:123456789012:targetgroup/mock/73e2d6bc24d8a067"
    task_definition_arn             = "arn:aws:ecs:us-west-1:123456789012:task-definition/mock:1"
    container_name                  = "app"
  }

  expect_failures = [var.controller]
}
