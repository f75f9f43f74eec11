resource "aws_kms_key" "k" {
  description             = "obs"
  deletion_window_in_days = 7
}
resource "aws_cloudwatch_log_group" "g" {
  for_each          = toset(["/ecs/case", "/ecs/case/access", "/ecs/case/errors"])
  name              = each.key
  retention_in_days = 30
  kms_key_id        = aws_kms_key.k.arn
}
resource "aws_cloudwatch_log_metric_filter" "f" {
  name           = "errors"
  log_group_name = aws_cloudwatch_log_group.g["/ecs/case"].name
  pattern        = "{ $.level = \"error\" }"
  metric_transformation {
    name          = "Errors"
    namespace     = "case"
    value         = "1"
    default_value = "0"
    unit          = "Count"
  }
}
resource "aws_sns_topic" "t" {
  name              = "case-alarms"
  display_name      = "alarms"
  kms_master_key_id = aws_kms_key.k.arn
}
resource "aws_sns_topic_policy" "t" {
  arn    = aws_sns_topic.t.arn
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Sid = "aws", Effect = "Allow", Principal = { Service = ["cloudwatch.amazonaws.com", "events.amazonaws.com"] }, Action = "sns:Publish", Resource = aws_sns_topic.t.arn, Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.me.account_id } } }] })
}
resource "aws_sns_topic_subscription" "e" {
  topic_arn = aws_sns_topic.t.arn
  protocol  = "email"
  endpoint  = "a@example.com"
}
resource "aws_cloudwatch_metric_alarm" "cpu" {
  alarm_name                = "case-cpu"
  alarm_description         = "cpu high"
  namespace                 = "AWS/ECS"
  metric_name               = "CPUUtilization"
  dimensions                = { ClusterName = "c", ServiceName = "s" }
  statistic                 = "Average"
  period                    = 60
  evaluation_periods        = 5
  datapoints_to_alarm       = 3
  threshold                 = 80
  comparison_operator       = "GreaterThanThreshold"
  treat_missing_data        = "notBreaching"
  alarm_actions             = [aws_sns_topic.t.arn]
  ok_actions                = [aws_sns_topic.t.arn]
  insufficient_data_actions = []
  tags                      = { kind = "cpu" }
}
resource "aws_cloudwatch_metric_alarm" "p95" {
  alarm_name                            = "case-latency"
  namespace                             = "AWS/ApplicationELB"
  metric_name                           = "TargetResponseTime"
  dimensions                            = { LoadBalancer = "app/x/y" }
  extended_statistic                    = "p95"
  period                                = 300
  evaluation_periods                    = 1
  threshold                             = 1.5
  comparison_operator                   = "GreaterThanThreshold"
  treat_missing_data                    = "notBreaching"
  evaluate_low_sample_count_percentiles = "ignore"
  unit                                  = "Seconds"
}
resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "case-errors"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 1
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.t.arn]
  metric_query {
    id          = "rate"
    expression  = "100 * (blue + green) / requests"
    label       = "5xx share"
    return_data = true
  }
  dynamic "metric_query" {
    for_each = { blue = "targetgroup/b/1", green = "targetgroup/g/2" }
    content {
      id = metric_query.key
      metric {
        namespace   = "AWS/ApplicationELB"
        metric_name = "HTTPCode_Target_5XX_Count"
        period      = 300
        stat        = "Sum"
        unit        = "Count"
        dimensions  = { TargetGroup = metric_query.value, LoadBalancer = "app/x/y" }
      }
    }
  }
  metric_query {
    id = "requests"
    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "RequestCount"
      period      = 300
      stat        = "Sum"
      dimensions  = { LoadBalancer = "app/x/y" }
    }
  }
}
resource "aws_cloudwatch_metric_alarm" "anomaly" {
  alarm_name          = "case-anomaly"
  comparison_operator = "GreaterThanUpperThreshold"
  evaluation_periods  = 2
  threshold_metric_id = "band"
  metric_query {
    id          = "band"
    expression  = "ANOMALY_DETECTION_BAND(m, 2)"
    label       = "expected"
    return_data = true
  }
  metric_query {
    id          = "m"
    return_data = true
    metric {
      namespace   = "AWS/ECS"
      metric_name = "CPUUtilization"
      period      = 300
      stat        = "Average"
      dimensions  = { ClusterName = "c", ServiceName = "s" }
    }
  }
}
resource "aws_cloudwatch_composite_alarm" "c" {
  alarm_name        = "case-down"
  alarm_description = "both"
  alarm_rule        = "ALARM(${aws_cloudwatch_metric_alarm.cpu.alarm_name}) AND ALARM(${aws_cloudwatch_metric_alarm.p95.alarm_name})"
  alarm_actions     = [aws_sns_topic.t.arn]
  actions_enabled   = true
}
resource "aws_cloudwatch_dashboard" "d" {
  dashboard_name = "case"
  dashboard_body = jsonencode({ widgets = [{ type = "metric", x = 0, y = 0, width = 12, height = 6, properties = { title = "CPU", region = "us-west-1", metrics = [["AWS/ECS", "CPUUtilization", "ClusterName", "c"]] } }] })
}
resource "aws_cloudwatch_event_rule" "r" {
  name          = "case-deployments"
  description   = "deployments"
  event_pattern = jsonencode({ source = ["aws.ecs"], "detail-type" = ["ECS Deployment State Change"] })
}
resource "aws_cloudwatch_event_target" "t" {
  rule      = aws_cloudwatch_event_rule.r.name
  target_id = "sns"
  arn       = aws_sns_topic.t.arn
  input_transformer {
    input_paths    = { detail = "$.detail" }
    input_template = "\"Deployment: <detail>\""
  }
}
resource "aws_iam_role" "events" {
  name               = "case-events"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "events.amazonaws.com" }, Action = "sts:AssumeRole" }] })
}
resource "aws_cloudwatch_event_rule" "cron" {
  name                = "case-nightly"
  schedule_expression = "cron(0 3 * * ? *)"
  state               = "ENABLED"
}
resource "aws_cloudwatch_event_target" "log" {
  rule = aws_cloudwatch_event_rule.cron.name
  arn  = aws_cloudwatch_log_group.g["/ecs/case"].arn
}
