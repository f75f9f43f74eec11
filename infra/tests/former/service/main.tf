resource "aws_ecs_service" "this" {
  name            = "shop-default-orders"
  cluster         = "arn:aws:ecs:us-west-1:123456789012:cluster/shop-default"
  launch_type     = "FARGATE"
  task_definition = "arn:aws:ecs:us-west-1:123456789012:task-definition/shop-default-orders:1"

  network_configuration {
    subnets = ["subnet-3", "subnet-4"]
  }
}

output "id" {
  description = "New when the service is made anew."
  value       = aws_ecs_service.this.id
}
