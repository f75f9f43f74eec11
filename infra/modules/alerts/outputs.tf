output "alarm_arns" {
  description = "ARNs of the alarms, for the dashboard."
  value = concat(
    [aws_cloudwatch_metric_alarm.unavailable.arn],
    [for alarm in aws_cloudwatch_metric_alarm.database : alarm.arn],
    [for alarm in aws_cloudwatch_metric_alarm.cache : alarm.arn],
  )
}

output "topic_arn" {
  description = "Topic that alarms and deployments are told to."
  value       = aws_sns_topic.this.arn
}
