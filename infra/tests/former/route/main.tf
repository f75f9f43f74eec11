resource "aws_lb_target_group" "this" {
  # checkov:skip=CKV_AWS_261:A fixture; it is never applied to AWS
  # checkov:skip=CKV_AWS_378:A fixture; it is never applied to AWS
  name        = "shop-default-orders"
  vpc_id      = "vpc-1"
  target_type = "ip"
  protocol    = "HTTP"
  port        = 80
}

output "id" {
  description = "New when the target group is made anew."
  value       = aws_lb_target_group.this.id
}
