output "target_group_arn" {
  description = "Target group of the service. Known only once a listener forwards to it: ECS refuses it before."
  value       = aws_lb_target_group.this.arn

  depends_on = [aws_lb_listener_rule.this]
}

output "target_group_arn_suffix" {
  description = "The target group as CloudWatch names it."
  value       = aws_lb_target_group.this.arn_suffix
}
