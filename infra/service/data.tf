# What the service keeps: secrets, buckets, a database of its own, a user of the cache.

# --- Secrets -----------------------------------------------------------------------------------

module "secrets" {
  source = "../modules/secrets"

  prefix    = "${local.prefix}/${var.service.name}"
  key_arn   = local.key_arn
  protected = var.protected

  placeholders = merge(
    { for name in var.service.secrets : name => "not set: invoke secrets.set --env=${var.environment} --service=${var.service.name} --name=${name}" },
    # Complete but for the password, which the migration task writes with the role that it makes.
    var.service.database.enabled ? { database = jsonencode(merge(local.database_account, { engine = "postgres", password = "" })) } : {},
  )

  rotation = local.rotates ? { database = { function_arn = local.database.rotation.function_arn, days = local.database.rotation.days } } : {}
}

locals {
  secret_arns    = module.secrets.arns
  parameter_arns = { for name, parameter in var.service.parameters : name => "arn:${data.aws_partition.current.partition}:ssm:${var.region}:${data.aws_caller_identity.current.account_id}:parameter${parameter}" }
}

# --- Buckets -----------------------------------------------------------------------------------

module "storage" {
  source = "../modules/storage"

  name           = local.name
  account_id     = data.aws_caller_identity.current.account_id
  partition      = data.aws_partition.current.partition
  region         = var.region
  replica_region = local.replica_region
  key_arn        = local.key_arn
  protected      = var.protected
  buckets        = var.service.buckets

  providers = {
    aws         = aws
    aws.replica = aws.replica
  }
}

locals {
  replicates = anytrue([for bucket in values(var.service.buckets) : bucket.replicate])

  bucket_statements = [for statement in concat(
    [
      {
        Sid      = "List"
        Effect   = "Allow"
        Action   = ["s3:GetBucketLocation", "s3:ListBucket"]
        Resource = values(module.storage.arns)
      },
      {
        Sid      = "Objects"
        Effect   = "Allow"
        Action   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
        Resource = [for arn in values(module.storage.arns) : "${arn}/*"]
      },
    ],
    local.key_arn == null ? [] : [{
      Sid       = "ObjectsKey"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = local.key_arn
      Condition = { StringEquals = { "kms:ViaService" = "s3.${var.region}.amazonaws.com" } }
    }],
  ) : statement if length(var.service.buckets) > 0]
}

# --- Database: made by the migration task, which alone may be the master ---------------------------

locals {
  database = var.service.database.enabled ? local.contract.database : null
  migrates = var.service.database.enabled && length(var.service.database.migrate) > 0

  # Tasks could not start before the first migration, or before somebody has given the secrets their
  # values: the first deploy that can starts them.
  waits   = local.migrates || length(var.service.secrets) > 0
  rotates = var.service.database.enabled && try(local.contract.database.rotation, null) != null

  # PostgreSQL would want hyphens quoted everywhere.
  database_account = !var.service.database.enabled ? {} : {
    host     = local.database.endpoint
    port     = tostring(local.database.port)
    dbname   = replace(var.service.name, "-", "_")
    username = replace(var.service.name, "-", "_")
  }

  # A restored instance makes a new revision: before that is rolled out, the migration task runs, which
  # writes the host into the secret.
  database_env = !var.service.database.enabled ? {} : { DATABASE_INSTANCE = local.database.identifier }

  # From the secret, all of them: a restored database has another host, a rotated role another name.
  database_secrets = !var.service.database.enabled ? {} : {
    for name, key in { HOST = "host", PORT = "port", NAME = "dbname", USERNAME = "username", PASSWORD = "password" } :
    "DATABASE_${name}" => "${module.secrets.arns["database"]}:${key}::"
  }
}

locals {
  migration_statements = [for statement in concat(
    [
      {
        Sid      = "Master"
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = try(local.database.master_secret_arn, null)
      },
      {
        Sid      = "Account"
        Effect   = "Allow"
        Action   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"]
        Resource = try(module.secrets.arns["database"], null)
      },
    ],
    local.key_arn == null ? [] : [{
      Sid       = "Key"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = local.key_arn
      Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${var.region}.amazonaws.com" } }
    }],
  ) : statement if local.migrates]
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  count = var.service.database.enabled ? 1 : 0

  security_group_id            = local.database.security_group_id
  description                  = "Tasks of ${local.name}"
  referenced_security_group_id = module.service.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = local.database.port
  to_port                      = local.database.port
}

module "migration_roles" {
  source = "../modules/roles"
  count  = local.migrates ? 1 : 0

  name           = "${local.name}-migrate"
  account_id     = data.aws_caller_identity.current.account_id
  region         = var.region
  repository_arn = local.repository_arn
  log_group_arns = [aws_cloudwatch_log_group.this["app"].arn]
  secret_arns    = [for name in var.service.secrets : module.secrets.arns[name]]
  parameter_arns = values(local.parameter_arns)
  key_arn        = local.key_arn

  task_statements = local.migration_statements
}

module "migration" {
  source = "../modules/task_definition"
  count  = local.migrates ? 1 : 0

  family             = "${local.name}-migrate"
  image              = var.image
  command            = var.service.database.migrate
  cpu                = var.service.cpu
  memory             = var.service.memory
  architecture       = var.service.architecture
  stop_timeout       = var.service.stop_timeout
  execution_role_arn = module.migration_roles[0].execution_arn
  task_role_arn      = module.migration_roles[0].task_arn
  log_group          = aws_cloudwatch_log_group.this["app"].name
  log_prefix         = "migrate"
  region             = var.region
  secrets            = local.secrets

  env = merge(local.env, {
    DATABASE_HOST              = local.database_account.host
    DATABASE_PORT              = local.database_account.port
    DATABASE_NAME              = local.database_account.dbname
    DATABASE_USERNAME          = local.database_account.username
    DATABASE_SECRET_ARN        = module.secrets.arns["database"]
    DATABASE_MASTER_SECRET_ARN = local.database.master_secret_arn
  })
}

# --- Cache: a user of its own, who may touch the keys of this service only --------------------------

locals {
  cache         = var.service.cache.enabled ? local.contract.cache : null
  authenticated = var.service.cache.enabled && try(local.contract.cache.user_group_id, null) != null

  cache_env = !var.service.cache.enabled ? {} : merge(
    {
      CACHE_HOST   = local.cache.endpoint
      CACHE_PORT   = tostring(local.cache.port)
      CACHE_PREFIX = "${var.service.name}:"
    },
    # The name to sign for: the user's password is a signature by the task's role, 15 minutes long.
    local.authenticated ? { CACHE_USERNAME = module.cache_user.value, CACHE_NAME = local.cache.name } : {},
  )
  cache_statements = !local.authenticated ? [] : [{
    Sid    = "Cache"
    Effect = "Allow"
    Action = "elasticache:Connect"
    Resource = [
      local.cache.arn,
      "arn:${data.aws_partition.current.partition}:elasticache:${var.region}:${data.aws_caller_identity.current.account_id}:user:${module.cache_user.value}",
    ]
  }]
}

resource "aws_vpc_security_group_ingress_rule" "cache" {
  count = var.service.cache.enabled ? 1 : 0

  security_group_id            = local.cache.security_group_id
  description                  = "Tasks of ${local.name}"
  referenced_security_group_id = module.service.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = local.cache.port
  to_port                      = local.cache.port
}

module "cache_user" {
  source = "../modules/name"

  full  = local.name
  limit = 40
}

resource "aws_elasticache_user" "this" {
  count = local.authenticated ? 1 : 0

  # ElastiCache asks that both be the same where IAM vouches for a user.
  user_id       = module.cache_user.value
  user_name     = module.cache_user.value
  engine        = "redis"
  access_string = "on ~${var.service.name}:* &${var.service.name}:* +@all -@admin -@dangerous"

  authentication_mode {
    type = "iam"
  }
}

resource "aws_elasticache_user_group_association" "this" {
  count = local.authenticated ? 1 : 0

  user_group_id = local.cache.user_group_id
  user_id       = aws_elasticache_user.this[0].user_id
}
