# PostgreSQL for all services of the environment, each with a database of its own in it.
module "database" {
  source = "../modules/database"
  count  = var.database_class == "" ? 0 : 1

  name           = local.prefix
  account_id     = local.account_id
  partition      = local.partition
  vpc_id         = module.network.vpc_id
  subnets        = module.network.private_subnets
  instance_class = var.database_class
  storage        = var.database_storage
  storage_max    = var.database_storage_max
  multi_az       = var.database_multi_az
  backup_days    = var.database_backup_days
  key_arn        = local.kms_key_arn
  protected      = var.protected
  instances      = var.database_instances
  current        = var.database_current
}

# Who changes the services' passwords, where that is wanted: AWS's own function, which keeps two roles
# per service and changes the one that nobody uses. Tasks that run go on; the next ones get the new.
resource "aws_serverlessapplicationrepository_cloudformation_stack" "rotation" {
  count = local.database_rotates ? 1 : 0

  name           = "${local.prefix}-rotation"
  application_id = "arn:aws:serverlessrepo:us-east-1:297356227824:applications/SecretsManagerRDSPostgreSQLRotationMultiUser"
  capabilities   = ["CAPABILITY_IAM", "CAPABILITY_RESOURCE_POLICY"]

  parameters = { for name, value in {
    endpoint                 = "https://secretsmanager.${var.region}.amazonaws.com"
    functionName             = "${local.prefix}-rotation"
    kmsKeyArn                = local.kms_key_arn
    superuserSecretArn       = module.database[0].master_secret_arn
    superuserSecretKmsKeyArn = local.kms_key_arn
    vpcSecurityGroupIds      = aws_security_group.rotation[0].id
    vpcSubnetIds             = join(",", module.network.private_subnets)
  } : name => value if value != null }
}

resource "aws_security_group" "rotation" {
  # checkov:skip=CKV2_AWS_5:Attached to the function of the stack above, by its parameters
  count = local.database_rotates ? 1 : 0

  name        = "${local.prefix}-rotation"
  description = "Changes the passwords of services of ${local.prefix}"
  vpc_id      = module.network.vpc_id

  tags = { Name = "${local.prefix}-rotation" }
}

resource "aws_vpc_security_group_egress_rule" "rotation" {
  for_each = local.database_rotates ? { database = tostring(module.database[0].port), "Secrets Manager" = "443" } : {}

  security_group_id = aws_security_group.rotation[0].id
  description       = each.key
  cidr_ipv4         = each.key == "database" ? var.cidr : "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = tonumber(each.value)
  to_port           = tonumber(each.value)
}

resource "aws_vpc_security_group_ingress_rule" "rotation" {
  count = local.database_rotates ? 1 : 0

  security_group_id            = module.database[0].security_group_id
  description                  = "Rotation of passwords"
  referenced_security_group_id = aws_security_group.rotation[0].id
  ip_protocol                  = "tcp"
  from_port                    = module.database[0].port
  to_port                      = module.database[0].port
}

# What other parts need to know of the database: null where the environment has none.
locals {
  database_rotates = var.database_class != "" && var.database_rotation_days > 0

  database = one([for database in module.database : {
    endpoint          = database.endpoint
    port              = database.port
    master_secret_arn = database.master_secret_arn
    security_group_id = database.security_group_id
    engine_version    = database.engine_version
    identifier        = database.identifier
    allocated_storage = var.database_storage
    max_connections   = null
    rotation = !local.database_rotates ? null : {
      function_arn = "arn:${local.partition}:lambda:${var.region}:${local.account_id}:function:${local.prefix}-rotation"
      days         = var.database_rotation_days
    }
  }])
}
