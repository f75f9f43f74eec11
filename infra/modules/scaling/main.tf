locals {
  targets = {
    cpu      = { metric = "ECSServiceAverageCPUUtilization", value = var.cpu, label = null }
    memory   = { metric = "ECSServiceAverageMemoryUtilization", value = var.memory, label = null }
    requests = { metric = "ALBRequestCountPerTarget", value = var.requests, label = var.resource_label }
  }
}

resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${var.cluster_name}/${var.service_name}"
  min_capacity       = var.min
  max_capacity       = var.max
}

# The most demanding target wins: out when any asks for more, in when all agree.
resource "aws_appautoscaling_policy" "this" {
  for_each = local.targets

  name               = "${var.service_name}-${each.key}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = each.value.value
    scale_out_cooldown = 120
    scale_in_cooldown  = 300

    predefined_metric_specification {
      predefined_metric_type = each.value.metric
      resource_label         = each.value.label
    }
  }
}
