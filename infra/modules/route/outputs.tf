output "blue_arn" {
  description = "Target group of a service; under CodeDeploy the one that starts. Known only once a listener forwards to it: ECS refuses it before."
  value       = aws_lb_target_group.this["blue"].arn

  depends_on = [aws_lb_listener_rule.this]
}

output "rule_id" {
  description = "The listener rule that carries the traffic."
  value       = aws_lb_listener_rule.this.id
}

output "target_groups" {
  description = "Id, name, ARN and name in CloudWatch of each target group, by colour."
  value = {
    for colour, group in aws_lb_target_group.this :
    colour => { id = group.id, name = group.name, arn = group.arn, arn_suffix = group.arn_suffix }
  }
}
