locals {
  actions = var.topic_arn == null ? [] : [var.topic_arn]

  # CloudWatch knows load balancers and target groups by the tails of their ARNs.
  load_balancer = split(":loadbalancer/", var.load_balancer_arn)[1]
  groups        = { for word, arn in var.target_groups : word => "targetgroup/${split(":targetgroup/", arn)[1]}" }
  words         = sort(keys(local.groups))

  # A colour without traffic has no data; both together make the service.
  sum = { for metric in ["errors", "requests", "unhealthy"] :
    metric => "(${join(" + ", [for word in local.words : "FILL(${metric}_${word}, 0)"])})"
  }
  slowest = join(", ", [for word in local.words : "FILL(latency_${word}, 0)"])

  utilisation = {
    cpu    = { metric = "CPUUtilization", threshold = var.thresholds.cpu }
    memory = { metric = "MemoryUtilization", threshold = var.thresholds.memory }
  }
}

# --- Use of what the tasks have ------------------------------------------------------------------

resource "aws_cloudwatch_metric_alarm" "utilisation" {
  for_each = local.utilisation

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "${var.name} has used more than ${each.value.threshold} % of its ${each.key} for 5 minutes"
  namespace           = "AWS/ECS"
  metric_name         = each.value.metric
  dimensions          = { ClusterName = var.cluster_name, ServiceName = var.service_name }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.actions
  ok_actions          = local.actions
}

# --- What clients see ----------------------------------------------------------------------------

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${var.name}-errors"
  alarm_description   = "More than ${var.thresholds.errors} % of the answers of ${var.name} in 5 minutes were 5xx"
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.thresholds.errors
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.actions
  ok_actions          = local.actions

  metric_query {
    id          = "share"
    label       = "5xx, % of requests"
    expression  = "IF(${local.sum.requests} > 0, 100 * ${local.sum.errors} / ${local.sum.requests}, 0)"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.groups

    content {
      id = "errors_${metric_query.key}"

      metric {
        namespace   = "AWS/ApplicationELB"
        metric_name = "HTTPCode_Target_5XX_Count"
        dimensions  = { LoadBalancer = local.load_balancer, TargetGroup = metric_query.value }
        stat        = "Sum"
        period      = 300
      }
    }
  }

  dynamic "metric_query" {
    for_each = local.groups

    content {
      id = "requests_${metric_query.key}"

      metric {
        namespace   = "AWS/ApplicationELB"
        metric_name = "RequestCount"
        dimensions  = { LoadBalancer = local.load_balancer, TargetGroup = metric_query.value }
        stat        = "Sum"
        period      = 300
      }
    }
  }
}

# Of two colours the slower one counts: a mean of percentiles is no percentile.
resource "aws_cloudwatch_metric_alarm" "latency" {
  alarm_name          = "${var.name}-latency"
  alarm_description   = "One in 20 requests to ${var.name} took longer than ${var.thresholds.latency} s, over 5 minutes"
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.thresholds.latency
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.actions
  ok_actions          = local.actions

  metric_query {
    id          = "slowest"
    label       = "p95, seconds"
    expression  = "MAX([${local.slowest}])"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.groups

    content {
      id = "latency_${metric_query.key}"

      metric {
        namespace   = "AWS/ApplicationELB"
        metric_name = "TargetResponseTime"
        dimensions  = { LoadBalancer = local.load_balancer, TargetGroup = metric_query.value }
        stat        = "p95"
        period      = 300
      }
    }
  }
}

# --- Whether it is there -------------------------------------------------------------------------

resource "aws_cloudwatch_metric_alarm" "unhealthy" {
  alarm_name          = "${var.name}-unhealthy"
  alarm_description   = "A task of ${var.name} has failed its health checks for 5 minutes"
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.actions
  ok_actions          = local.actions

  metric_query {
    id          = "unhealthy"
    label       = "unhealthy tasks"
    expression  = local.sum.unhealthy
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.groups

    content {
      id = "unhealthy_${metric_query.key}"

      metric {
        namespace   = "AWS/ApplicationELB"
        metric_name = "UnHealthyHostCount"
        dimensions  = { LoadBalancer = local.load_balancer, TargetGroup = metric_query.value }
        stat        = "Maximum"
        period      = 60
      }
    }
  }
}

# Container Insights counts both. Where desired is known and running is not, nothing runs.
resource "aws_cloudwatch_metric_alarm" "running" {
  count = var.minimum_running > 0 ? 1 : 0

  alarm_name          = "${var.name}-running"
  alarm_description   = "${var.name} has had fewer tasks than it should for 5 minutes"
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.actions
  ok_actions          = local.actions

  metric_query {
    id          = "missing"
    label       = "missing tasks"
    expression  = "desired - FILL(running, 0)"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { desired = "DesiredTaskCount", running = "RunningTaskCount" }

    content {
      id = metric_query.key

      metric {
        namespace   = "ECS/ContainerInsights"
        metric_name = metric_query.value
        dimensions  = { ClusterName = var.cluster_name, ServiceName = var.service_name }
        stat        = "Average"
        period      = 60
      }
    }
  }
}
