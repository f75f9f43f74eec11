output "alarm_names" {
  description = "Names of all alarms of the service."
  value = concat(
    [for alarm in aws_cloudwatch_metric_alarm.utilisation : alarm.alarm_name],
    [
      aws_cloudwatch_metric_alarm.errors.alarm_name,
      aws_cloudwatch_metric_alarm.latency.alarm_name,
      aws_cloudwatch_metric_alarm.unhealthy.alarm_name,
    ],
    aws_cloudwatch_metric_alarm.running[*].alarm_name,
  )
}

output "rollback_alarm_names" {
  description = "Those that end a deployment: what clients see. CPU runs high in any rollout, and is no reason to go back."
  value = [
    aws_cloudwatch_metric_alarm.errors.alarm_name,
    aws_cloudwatch_metric_alarm.latency.alarm_name,
    aws_cloudwatch_metric_alarm.unhealthy.alarm_name,
  ]
}
