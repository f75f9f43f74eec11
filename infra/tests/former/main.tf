# The addresses that a service's state had before resources were renamed, for the test that renaming
# destroys nothing. Only the addresses matter.

resource "aws_cloudwatch_log_group" "app" {
  # checkov:skip=CKV_AWS_158:A fixture; it is never applied to AWS
  # checkov:skip=CKV_AWS_338:A fixture; it is never applied to AWS
  name              = "/ecs/shop-default-orders"
  retention_in_days = 30
}

module "route" {
  source = "./route"
}

module "service" {
  source = "./service"
}

output "ids" {
  description = "Ids, which are new when a resource is made anew."
  value       = { log_group = aws_cloudwatch_log_group.app.id, target_group = module.route.id, service = module.service.id }
}
