# --- Who may connect ---------------------------------------------------------------------------

resource "aws_security_group" "this" {
  name        = "${var.name}-database"
  description = "PostgreSQL of ${var.name}; each service adds its own tasks"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-database" }
}

resource "aws_db_subnet_group" "this" {
  name        = "${var.name}-database"
  description = "Private subnets of ${var.name}"
  subnet_ids  = var.subnets
}

# --- What it writes down -------------------------------------------------------------------------

locals {
  logs = ["postgresql", "upgrade"]

  identifiers = {
    for key in keys(var.instances) : key => key == "main" ? var.name : "${var.name}-${key}"
  }

  # Identifiers are in lower case, resource ids are not.
  by_id = { for key, each in var.instances : key => can(regex("^db-[A-Z0-9]+$", each.source)) }
}

# Made before the instance: RDS would make them itself, to be kept for ever and without our key.
resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_338:Logs are kept for 30 days by requirement
  for_each = { for pair in setproduct(keys(var.instances), local.logs) : join("/", pair) => pair }

  name              = "/aws/rds/instance/${local.identifiers[each.value[0]]}/${each.value[1]}"
  retention_in_days = var.log_retention
  kms_key_id        = var.key_arn
}

module "monitoring_name" {
  source = "../name"

  full  = "${var.name}-database-monitoring"
  limit = 64
}

resource "aws_iam_role" "monitoring" {
  name        = module.monitoring_name.value
  description = "RDS writes the figures of the operating system under ${var.name}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "monitoring.rds.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "monitoring" {
  role       = aws_iam_role.monitoring.name
  policy_arn = "arn:${var.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}

# --- Instances: one, and another for a while after a restore ------------------------------------

resource "aws_db_parameter_group" "this" {
  name        = "${var.name}-postgres16"
  family      = "postgres16"
  description = "PostgreSQL 16 of ${var.name}"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  # What changes the schema, and what takes longer than a second.
  parameter {
    name  = "log_statement"
    value = "ddl"
  }

  parameter {
    name  = "log_min_duration_statement"
    value = "1000"
  }
}

resource "aws_db_instance" "this" {
  # checkov:skip=CKV_AWS_157:Two zones where the environment asks for them (multi_az); a second one doubles the price
  for_each = var.instances

  identifier     = local.identifiers[each.key]
  engine         = "postgres"
  engine_version = "16"
  instance_class = var.instance_class

  username                      = "master"
  manage_master_user_password   = true
  master_user_secret_kms_key_id = var.key_arn

  allocated_storage     = var.storage
  max_allocated_storage = var.storage_max
  storage_type          = "gp3"
  storage_encrypted     = true
  kms_key_id            = var.key_arn

  db_subnet_group_name                = aws_db_subnet_group.this.name
  vpc_security_group_ids              = [aws_security_group.this.id]
  parameter_group_name                = aws_db_parameter_group.this.name
  publicly_accessible                 = false
  multi_az                            = var.multi_az
  iam_database_authentication_enabled = true
  ca_cert_identifier                  = "rds-ca-rsa2048-g1"

  backup_retention_period   = var.backup_days
  backup_window             = "09:00-09:30" # UTC: night in the west of America
  maintenance_window        = "sun:10:00-sun:10:30"
  copy_tags_to_snapshot     = true
  deletion_protection       = var.protected
  delete_automated_backups  = !var.protected
  skip_final_snapshot       = !var.protected
  final_snapshot_identifier = var.protected ? "${local.identifiers[each.key]}-final" : null

  auto_minor_version_upgrade      = true
  enabled_cloudwatch_logs_exports = local.logs
  monitoring_interval             = 60
  monitoring_role_arn             = aws_iam_role.monitoring.arn
  performance_insights_enabled    = true
  performance_insights_kms_key_id = var.key_arn

  # Changes that restart the database wait for the maintenance window.
  apply_immediately = false

  snapshot_identifier = each.value.snapshot

  dynamic "restore_to_point_in_time" {
    for_each = each.value.source[*]

    content {
      source_db_instance_identifier = local.by_id[each.key] ? null : each.value.source
      source_dbi_resource_id        = local.by_id[each.key] ? each.value.source : null
      restore_time                  = each.value.time
      use_latest_restorable_time    = each.value.time == null ? true : null
    }
  }

  # What a database began with is history: told otherwise later, Terraform would make it anew.
  lifecycle {
    ignore_changes = [restore_to_point_in_time, snapshot_identifier]
  }

  depends_on = [
    aws_cloudwatch_log_group.this,
    aws_iam_role_policy_attachment.monitoring,
  ]
}

moved {
  from = aws_db_instance.this
  to   = aws_db_instance.this["main"]
}

moved {
  from = aws_cloudwatch_log_group.this["postgresql"]
  to   = aws_cloudwatch_log_group.this["main/postgresql"]
}

moved {
  from = aws_cloudwatch_log_group.this["upgrade"]
  to   = aws_cloudwatch_log_group.this["main/upgrade"]
}
