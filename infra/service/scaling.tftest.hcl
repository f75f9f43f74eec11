mock_provider "aws" {
  source = "../tests"
}

variables {
  cluster_name  = "shop-dev"
  service_name  = "shop-dev-orders"
  min           = 2
  max           = 10
  cpu           = 70
  memory        = 80
  requests      = 1000
  load_balancer = "app/shop-dev/50dc6c495c0c9188"
  target_groups = { blue = "targetgroup/shop-dev-orders/73e2d6bc24d8a067" }
}

run "follows_cpu_memory_and_requests" {
  module {
    source = "../modules/scaling"
  }

  command = plan

  assert {
    condition = alltrue([
      aws_appautoscaling_target.this.min_capacity == 2,
      aws_appautoscaling_target.this.max_capacity == 10,
      aws_appautoscaling_target.this.resource_id == "service/shop-dev/shop-dev-orders",
    ])
    error_message = "between min and max"
  }

  assert {
    condition = {
      for key, policy in aws_appautoscaling_policy.this :
      key => policy.target_tracking_scaling_policy_configuration[0].target_value
    } == { cpu = 70, memory = 80, requests = 1000 }
    error_message = "one target each"
  }

  assert {
    condition = [
      for key, policy in aws_appautoscaling_policy.this : key
      if policy.target_tracking_scaling_policy_configuration[0].predefined_metric_specification[0].resource_label != null
    ] == ["requests"]
    error_message = "only the request count is a target group's"
  }

  assert {
    condition = alltrue([
      for policy in aws_appautoscaling_policy.this :
      policy.target_tracking_scaling_policy_configuration[0].scale_out_cooldown == 120 &&
      policy.target_tracking_scaling_policy_configuration[0].scale_in_cooldown == 300
    ])
    error_message = "two minutes after growing, five after shrinking"
  }
}

# The predefined count is one target group's. With two, the service's requests are the sum: the group
# without traffic has none, and during a shift both have as many tasks as the service.
run "counts_the_requests_of_both_groups" {
  module {
    source = "../modules/scaling"
  }

  command = plan

  variables {
    target_groups = { blue = "targetgroup/orders/1", green = "targetgroup/orders-green/2" }
  }

  assert {
    condition = [
      for query in aws_appautoscaling_policy.this["requests"].target_tracking_scaling_policy_configuration[0].customized_metric_specification[0].metrics :
      query.expression if query.return_data
    ] == ["FILL(blue, 0) + FILL(green, 0)"]
    error_message = "the sum of both"
  }

  assert {
    condition = toset(flatten([
      for query in aws_appautoscaling_policy.this["requests"].target_tracking_scaling_policy_configuration[0].customized_metric_specification[0].metrics :
      [for dimension in query.metric_stat[0].metric[0].dimensions : dimension.value] if !query.return_data
    ])) == toset(["app/shop-dev/50dc6c495c0c9188", "targetgroup/orders/1", "targetgroup/orders-green/2"])
    error_message = "of this load balancer and these groups"
  }

  assert {
    condition = alltrue([for key, policy in aws_appautoscaling_policy.this :
      length(policy.target_tracking_scaling_policy_configuration[0].predefined_metric_specification) == (key == "requests" ? 0 : 1)
    ])
    error_message = "CPU and memory are the service's, whatever its groups"
  }
}
