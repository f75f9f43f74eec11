locals {
  # The predefined request count is one target group's, and CodeDeploy changes the group.
  one_group = length(var.target_groups) == 1

  targets = {
    cpu      = { metric = "ECSServiceAverageCPUUtilization", value = var.cpu, label = null }
    memory   = { metric = "ECSServiceAverageMemoryUtilization", value = var.memory, label = null }
    requests = { metric = "ALBRequestCountPerTarget", value = var.requests, label = "${var.load_balancer}/${values(var.target_groups)[0]}" }
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

    dynamic "predefined_metric_specification" {
      for_each = each.key != "requests" || local.one_group ? [each.value] : []

      content {
        predefined_metric_type = each.value.metric
        resource_label         = each.value.label
      }
    }

    dynamic "customized_metric_specification" {
      for_each = each.key != "requests" || local.one_group ? [] : [var.target_groups]

      content {
        dynamic "metrics" {
          for_each = customized_metric_specification.value

          content {
            id          = metrics.key
            return_data = false

            metric_stat {
              stat = "Sum"

              metric {
                namespace   = "AWS/ApplicationELB"
                metric_name = "RequestCountPerTarget"

                dimensions {
                  name  = "LoadBalancer"
                  value = var.load_balancer
                }

                dimensions {
                  name  = "TargetGroup"
                  value = metrics.value
                }
              }
            }
          }
        }

        # The group without traffic reports nothing at all, which must count as none.
        metrics {
          id          = "requests"
          label       = "Requests per minute and task"
          expression  = join(" + ", [for id in keys(var.target_groups) : "FILL(${id}, 0)"])
          return_data = true
        }
      }
    }
  }
}
