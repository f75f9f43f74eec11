mock_provider "aws" {
  source = "../tests"
}

variables {
  name              = "shop-dev-orders"
  cluster_name      = "shop-dev"
  service_name      = "shop-dev-orders"
  load_balancer_arn = "arn:aws:elasticloadbalancing:us-west-1:123456789012:loadbalancer/app/shop-dev/50dc6c495c0c9188"
  target_groups = {
    blue  = "arn:aws:elasticloadbalancing:us-west-1:123456789012:targetgroup/orders-blue/73e2d6bc24d8a067"
    green = "arn:aws:elasticloadbalancing:us-west-1:123456789012:targetgroup/orders-green/73e2d6bc24d8a068"
  }
  thresholds = { cpu = 80, memory = 90, errors = 1, latency = 0.5 }
}

run "looks_at_five_minutes_and_both_target_groups" {
  module {
    source = "../modules/observability"
  }

  command = plan

  variables {
    topic_arn = "arn:aws:sns:us-west-1:123456789012:shop-dev-alarms"
  }

  assert {
    condition = { for name, alarm in aws_cloudwatch_metric_alarm.utilisation : name => [alarm.metric_name, alarm.threshold, alarm.period * alarm.evaluation_periods] } == {
      cpu    = ["CPUUtilization", 80, 300]
      memory = ["MemoryUtilization", 90, 300]
    }
    error_message = "CPU above 80 % and memory above 90 % for 5 minutes"
  }

  assert {
    condition = [for query in aws_cloudwatch_metric_alarm.errors.metric_query : query.expression if query.id == "share"] == [
      "IF((FILL(requests_blue, 0) + FILL(requests_green, 0)) > 0, 100 * (FILL(errors_blue, 0) + FILL(errors_green, 0)) / (FILL(requests_blue, 0) + FILL(requests_green, 0)), 0)",
    ]
    error_message = "5xx of both colours, in percent of the requests of both"
  }

  assert {
    condition = { for query in aws_cloudwatch_metric_alarm.errors.metric_query : query.id => [query.metric[0].metric_name, query.metric[0].dimensions.TargetGroup, query.metric[0].period] if length(query.metric) > 0 } == {
      errors_blue    = ["HTTPCode_Target_5XX_Count", "targetgroup/orders-blue/73e2d6bc24d8a067", 300]
      errors_green   = ["HTTPCode_Target_5XX_Count", "targetgroup/orders-green/73e2d6bc24d8a068", 300]
      requests_blue  = ["RequestCount", "targetgroup/orders-blue/73e2d6bc24d8a067", 300]
      requests_green = ["RequestCount", "targetgroup/orders-green/73e2d6bc24d8a068", 300]
    }
    error_message = "counts of 5 minutes"
  }

  assert {
    condition = [for query in aws_cloudwatch_metric_alarm.latency.metric_query : query.expression if query.id == "slowest"] == [
      "MAX([FILL(latency_blue, 0), FILL(latency_green, 0)])",
    ]
    error_message = "the slower colour counts"
  }

  assert {
    condition = [for query in aws_cloudwatch_metric_alarm.running[0].metric_query : query.expression if query.id == "missing"] == [
      "desired - FILL(running, 0)",
    ]
    error_message = "fewer tasks than desired"
  }

  assert {
    condition = alltrue([for alarm in concat(values(aws_cloudwatch_metric_alarm.utilisation), aws_cloudwatch_metric_alarm.running[*], [
      aws_cloudwatch_metric_alarm.errors, aws_cloudwatch_metric_alarm.latency, aws_cloudwatch_metric_alarm.unhealthy,
    ]) : alarm.treat_missing_data == "notBreaching" && alarm.alarm_actions == toset(["arn:aws:sns:us-west-1:123456789012:shop-dev-alarms"])])
    error_message = "every alarm is told, and silence is no alarm"
  }

  assert {
    condition     = output.rollback_alarm_names == ["shop-dev-orders-errors", "shop-dev-orders-latency", "shop-dev-orders-unhealthy"]
    error_message = "a deployment goes back for what clients see"
  }
}

run "one_target_group_that_may_sleep" {
  module {
    source = "../modules/observability"
  }

  command = plan

  variables {
    minimum_running = 0
    target_groups   = { blue = "arn:aws:elasticloadbalancing:us-west-1:123456789012:targetgroup/orders/73e2d6bc24d8a067" }
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.running) == 0 && length(output.alarm_names) == 5
    error_message = "a service that may have no task is not missed"
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.errors.alarm_actions) == 0
    error_message = "without a topic nobody is told"
  }
}

run "refuses_what_makes_no_sense" {
  module {
    source = "../modules/observability"
  }

  command = plan

  variables {
    load_balancer_arn = "arn:aws:elasticloadbalancing:us-west-1:123456789012:loadbalancer/net/shop-dev/50dc6c495c0c9188"
    target_groups     = {}
    thresholds        = { cpu = 101, memory = 90, errors = 0, latency = 0 }
  }

  expect_failures = [var.load_balancer_arn, var.target_groups, var.thresholds]
}
