locals {
  actions = [aws_sns_topic.this.arn]

  database_dimensions = var.database == null ? null : { DBInstanceIdentifier = var.database.identifier }
  gigabyte            = 1024 * 1024 * 1024

  database_alarms = var.database == null ? {} : {
    cpu = {
      metric = "CPUUtilization", above = true, threshold = 80
      says   = "has used more than 80 % of its CPU for 15 minutes"
    }
    memory = {
      metric = "FreeableMemory", above = false, threshold = 0.1 * local.gigabyte
      says   = "has had less than 100 MB of memory for 15 minutes"
    }
    storage = {
      metric = "FreeStorageSpace", above = false, threshold = 0.15 * var.database.allocated_storage * local.gigabyte
      says   = "has less than 15 % of its storage left"
    }
    connections = {
      metric = "DatabaseConnections", above = true, threshold = 80
      says   = "has had more than 80 connections for 15 minutes; the smallest instances take about 110"
    }
  }

  cache_alarms = var.cache == null ? {} : merge([for node in var.cache.cluster_ids : {
    "${node}-cpu" = {
      node = node, metric = "EngineCPUUtilization", threshold = 80
      says = "has used more than 80 % of its one engine thread for 15 minutes"
    }
    "${node}-memory" = {
      node = node, metric = "DatabaseMemoryUsagePercentage", threshold = 80
      says = "has used more than 80 % of its memory for 15 minutes"
    }
    "${node}-evictions" = {
      node = node, metric = "Evictions", threshold = 100
      says = "has thrown out more than 100 keys a minute for 15 minutes"
    }
  }]...)
}

# --- The topic -----------------------------------------------------------------------------------

resource "aws_sns_topic" "this" {
  name              = "${var.name}-alarms"
  kms_master_key_id = var.kms_key_arn

  tags = { Name = "${var.name}-alarms" }
}

resource "aws_sns_topic_policy" "this" {
  arn = aws_sns_topic.this.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AlarmsAndEvents"
        Effect    = "Allow"
        Principal = { Service = ["cloudwatch.amazonaws.com", "events.amazonaws.com"] }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.this.arn
        Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
      },
      {
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.this.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "email" {
  for_each = toset(var.emails)

  topic_arn = aws_sns_topic.this.arn
  protocol  = "email"
  endpoint  = each.value
}

# --- Alarms of what services share ---------------------------------------------------------------

# The load balancer itself answers 5xx where no task could: no service's own count shows that.
resource "aws_cloudwatch_metric_alarm" "unavailable" {
  alarm_name          = "${var.name}-unavailable"
  alarm_description   = "More than 1 % of the requests to ${var.name} found no task that could answer, over 5 minutes"
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.actions
  ok_actions          = local.actions

  metric_query {
    id          = "share"
    label       = "unanswered, % of requests"
    expression  = "IF(requests > 0, 100 * FILL(unanswered, 0) / requests, 0)"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { requests = "RequestCount", unanswered = "HTTPCode_ELB_5XX_Count" }

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/ApplicationELB"
        metric_name = metric_query.value
        dimensions  = { LoadBalancer = var.load_balancer }
        stat        = "Sum"
        period      = 300
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "database" {
  for_each = local.database_alarms

  alarm_name          = "${var.name}-database-${each.key}"
  alarm_description   = "The database of ${var.name} ${each.value.says}"
  namespace           = "AWS/RDS"
  metric_name         = each.value.metric
  dimensions          = local.database_dimensions
  statistic           = "Average"
  period              = 300
  evaluation_periods  = 3
  comparison_operator = each.value.above ? "GreaterThanThreshold" : "LessThanThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.actions
  ok_actions          = local.actions
}

resource "aws_cloudwatch_metric_alarm" "cache" {
  for_each = local.cache_alarms

  alarm_name          = "${var.name}-cache-${each.key}"
  alarm_description   = "The cache node ${each.value.node} ${each.value.says}"
  namespace           = "AWS/ElastiCache"
  metric_name         = each.value.metric
  dimensions          = { CacheClusterId = each.value.node }
  statistic           = "Average"
  period              = 300
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.actions
  ok_actions          = local.actions
}

# --- Deployments ---------------------------------------------------------------------------------

locals {
  events = {
    deployments = {
      description = "Rolling deployments of ${var.name} that ended"
      pattern = {
        source      = ["aws.ecs"]
        detail-type = ["ECS Deployment State Change"]
        resources   = [{ prefix = "${replace(var.cluster_arn, ":cluster/", ":service/")}/" }]
        detail      = { eventName = ["SERVICE_DEPLOYMENT_COMPLETED", "SERVICE_DEPLOYMENT_FAILED"] }
      }
      paths    = { what = "$.detail.eventName", where = "$.resources[0]", why = "$.detail.reason" }
      template = "\"<what>: <where>. <why>\""
    }
    shifts = {
      description = "Blue/green deployments of ${var.name} that ended"
      pattern = {
        source      = ["aws.codedeploy"]
        detail-type = ["CodeDeploy Deployment State-change Notification"]
        detail = {
          application = [{ prefix = "${var.name}-" }]
          state       = ["FAILURE", "STOP", "SUCCESS"]
        }
      }
      paths    = { what = "$.detail.state", where = "$.detail.application", why = "$.detail.deploymentId" }
      template = "\"<what>: <where>, deployment <why>\""
    }
  }
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.events

  name          = "${var.name}-${each.key}"
  description   = each.value.description
  event_pattern = jsonencode(each.value.pattern)
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.events

  rule      = aws_cloudwatch_event_rule.this[each.key].name
  target_id = "topic"
  arn       = aws_sns_topic.this.arn

  input_transformer {
    input_paths    = each.value.paths
    input_template = each.value.template
  }

  depends_on = [aws_sns_topic_policy.this]
}
