terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "5.100.0" }
  }
}
provider "aws" {
  region     = "us-west-1"
  access_key = "test"
  secret_key = "test"
}
resource "aws_vpc" "this" { cidr_block = "10.9.0.0/16" }
resource "aws_subnet" "this" {
  vpc_id     = aws_vpc.this.id
  cidr_block = "10.9.1.0/24"
}
resource "aws_lb_target_group" "this" {
  for_each    = toset(["blue", "green"])
  name        = "cd-${each.key}"
  port        = 80
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = aws_vpc.this.id
}
variable "load_balancer" {
  description = "ARN of a load balancer: the provider waits for a minute after making one."
  type        = string
}
resource "aws_lb_listener" "this" {
  load_balancer_arn = var.load_balancer
  port              = 8090
  protocol          = "HTTP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this["blue"].arn
  }
  lifecycle { ignore_changes = [default_action] }
}
resource "aws_ecs_cluster" "this" { name = "cd" }
resource "aws_ecs_task_definition" "this" {
  family                   = "cd-app"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  container_definitions    = jsonencode([{ name = "app", image = "nothing", portMappings = [{ containerPort = 80 }] }])
}
resource "aws_ecs_service" "this" {
  name            = "cd-app"
  cluster         = aws_ecs_cluster.this.id
  task_definition = aws_ecs_task_definition.this.arn
  desired_count   = 0
  launch_type     = "FARGATE"
  network_configuration { subnets = [aws_subnet.this.id] }
  deployment_controller { type = "CODE_DEPLOY" }
  load_balancer {
    target_group_arn = aws_lb_target_group.this["blue"].arn
    container_name   = "app"
    container_port   = 80
  }
  lifecycle { ignore_changes = [desired_count, task_definition, load_balancer] }
  depends_on = [aws_lb_listener.this]
}
resource "aws_codedeploy_app" "this" {
  name             = "cd-app"
  compute_platform = "ECS"
  tags             = { a = "b" }
}
resource "aws_codedeploy_deployment_config" "this" {
  for_each               = { canary = "TimeBasedCanary", linear = "TimeBasedLinear" }
  deployment_config_name = "cd-${each.key}"
  compute_platform       = "ECS"
  traffic_routing_config {
    type = each.value
    dynamic "time_based_canary" {
      for_each = each.key == "canary" ? [1] : []
      content {
        interval   = 2
        percentage = 20
      }
    }
    dynamic "time_based_linear" {
      for_each = each.key == "linear" ? [1] : []
      content {
        interval   = 2
        percentage = 25
      }
    }
  }
}
resource "aws_codedeploy_deployment_group" "this" {
  app_name               = aws_codedeploy_app.this.name
  deployment_group_name  = "cd-app"
  deployment_config_name = aws_codedeploy_deployment_config.this["canary"].id
  service_role_arn       = "arn:aws:iam::000000000000:role/codedeploy"
  tags                   = { c = "d" }
  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
  }
  alarm_configuration {
    enabled = true
    alarms  = ["cd-errors"]
  }
  blue_green_deployment_config {
    deployment_ready_option { action_on_timeout = "CONTINUE_DEPLOYMENT" }
    terminate_blue_instances_on_deployment_success {
      action                           = "TERMINATE"
      termination_wait_time_in_minutes = 10
    }
  }
  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }
  ecs_service {
    cluster_name = aws_ecs_cluster.this.name
    service_name = aws_ecs_service.this.name
  }
  load_balancer_info {
    target_group_pair_info {
      prod_traffic_route { listener_arns = ["arn:aws:elasticloadbalancing:us-west-1:000000000000:listener/app/x/1/2"] }
      test_traffic_route { listener_arns = ["arn:aws:elasticloadbalancing:us-west-1:000000000000:listener/app/x/1/3"] }
      target_group { name = aws_lb_target_group.this["blue"].name }
      target_group { name = aws_lb_target_group.this["green"].name }
    }
  }
}
resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.this.name}/${aws_ecs_service.this.name}"
  min_capacity       = 0
  max_capacity       = 4
  tags               = { e = "f" }
}
resource "aws_appautoscaling_policy" "cpu" {
  name               = "cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id
  target_tracking_scaling_policy_configuration {
    target_value       = 70
    scale_in_cooldown  = 300
    scale_out_cooldown = 60
    predefined_metric_specification { predefined_metric_type = "ECSServiceAverageCPUUtilization" }
  }
}
resource "aws_appautoscaling_policy" "requests" {
  name               = "requests"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id
  target_tracking_scaling_policy_configuration {
    target_value = 1000
    customized_metric_specification {
      metrics {
        id          = "blue"
        return_data = false
        metric_stat {
          stat = "Sum"
          metric {
            namespace   = "AWS/ApplicationELB"
            metric_name = "RequestCount"
            dimensions {
              name  = "TargetGroup"
              value = aws_lb_target_group.this["blue"].arn_suffix
            }
          }
        }
      }
      metrics {
        id          = "all"
        expression  = "FILL(blue, 0)"
        return_data = true
      }
    }
  }
}
resource "aws_appautoscaling_policy" "steps" {
  name               = "steps"
  policy_type        = "StepScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id
  step_scaling_policy_configuration {
    adjustment_type         = "ChangeInCapacity"
    cooldown                = 60
    metric_aggregation_type = "Maximum"
    step_adjustment {
      metric_interval_lower_bound = 0
      scaling_adjustment          = 1
    }
  }
}
resource "aws_appautoscaling_scheduled_action" "night" {
  name               = "night"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id
  schedule           = "cron(0 22 * * ? *)"
  scalable_target_action {
    min_capacity = 0
    max_capacity = 1
  }
}
