data "aws_availability_zones" "z" { state = "available" }
resource "aws_vpc" "v" { cidr_block = "10.3.0.0/16" }
resource "aws_subnet" "priv" {
  count             = 2
  vpc_id            = aws_vpc.v.id
  cidr_block        = cidrsubnet(aws_vpc.v.cidr_block, 8, count.index)
  availability_zone = data.aws_availability_zones.z.names[count.index]
}
resource "aws_security_group" "db" {
  name   = "db"
  vpc_id = aws_vpc.v.id
}
resource "aws_kms_key" "k" {
  description             = "data"
  deletion_window_in_days = 7
}
resource "aws_db_subnet_group" "g" {
  name        = "case"
  description = "private"
  subnet_ids  = aws_subnet.priv[*].id
}
resource "aws_db_parameter_group" "p" {
  name        = "case-pg16"
  family      = "postgres16"
  description = "forced tls"
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
  parameter {
    name  = "log_min_duration_statement"
    value = "500"
  }
  parameter {
    name         = "shared_preload_libraries"
    value        = "pg_stat_statements"
    apply_method = "pending-reboot"
  }
  lifecycle { create_before_destroy = true }
}
resource "aws_iam_role" "mon" {
  name               = "case-rds-monitoring"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "monitoring.rds.amazonaws.com" }, Action = "sts:AssumeRole" }] })
}
resource "aws_db_instance" "d" {
  identifier                            = "case-db"
  engine                                = "postgres"
  engine_version                        = "16.8"
  instance_class                        = "db.t4g.medium"
  allocated_storage                     = 20
  max_allocated_storage                 = 100
  storage_type                          = "gp3"
  storage_encrypted                     = true
  kms_key_id                            = aws_kms_key.k.arn
  username                              = "master"
  manage_master_user_password           = true
  master_user_secret_kms_key_id         = aws_kms_key.k.key_id
  port                                  = 5432
  db_subnet_group_name                  = aws_db_subnet_group.g.name
  vpc_security_group_ids                = [aws_security_group.db.id]
  parameter_group_name                  = aws_db_parameter_group.p.name
  multi_az                              = true
  publicly_accessible                   = false
  backup_retention_period               = 30
  backup_window                         = "03:00-04:00"
  maintenance_window                    = "sun:05:00-sun:06:00"
  copy_tags_to_snapshot                 = true
  deletion_protection                   = var.protected
  skip_final_snapshot                   = false
  final_snapshot_identifier             = "case-db-final"
  delete_automated_backups              = true
  auto_minor_version_upgrade            = true
  apply_immediately                     = true
  ca_cert_identifier                    = "rds-ca-rsa2048-g1"
  iam_database_authentication_enabled   = true
  enabled_cloudwatch_logs_exports       = ["postgresql", "upgrade"]
  performance_insights_enabled          = true
  performance_insights_kms_key_id       = aws_kms_key.k.arn
  performance_insights_retention_period = 7
  monitoring_interval                   = 60
  monitoring_role_arn                   = aws_iam_role.mon.arn
}
variable "protected" { default = false }
resource "aws_elasticache_subnet_group" "g" {
  name       = "case"
  subnet_ids = aws_subnet.priv[*].id
}
resource "aws_elasticache_parameter_group" "p" {
  name   = "case-redis7"
  family = "redis7"
  parameter {
    name  = "maxmemory-policy"
    value = "allkeys-lru"
  }
}
resource "aws_elasticache_user" "default" {
  user_id       = "case-default"
  user_name     = "default"
  engine        = "redis"
  access_string = "off ~* -@all"
  authentication_mode { type = "no-password-required" }
}
resource "aws_elasticache_user" "app" {
  user_id       = "case-app"
  user_name     = "app"
  engine        = "redis"
  access_string = "on ~* +@all"
  authentication_mode {
    type      = "password"
    passwords = ["a-long-enough-password"]
  }
}
resource "aws_elasticache_user_group" "g" {
  engine        = "redis"
  user_group_id = "case"
  user_ids      = [aws_elasticache_user.default.user_id, aws_elasticache_user.app.user_id]
}
resource "aws_cloudwatch_log_group" "slow" { name = "/elasticache/case/slow" }
resource "aws_elasticache_replication_group" "c" {
  replication_group_id       = "case-cache"
  description                = "cache"
  engine                     = "redis"
  engine_version             = "7.1"
  node_type                  = "cache.t4g.small"
  num_cache_clusters         = 2
  automatic_failover_enabled = true
  multi_az_enabled           = true
  port                       = 6379
  parameter_group_name       = aws_elasticache_parameter_group.p.name
  subnet_group_name          = aws_elasticache_subnet_group.g.name
  security_group_ids         = [aws_security_group.db.id]
  at_rest_encryption_enabled = true
  kms_key_id                 = aws_kms_key.k.arn
  transit_encryption_enabled = true
  transit_encryption_mode    = "required"
  user_group_ids             = [aws_elasticache_user_group.g.user_group_id]
  snapshot_retention_limit   = 7
  snapshot_window            = "02:00-03:00"
  maintenance_window         = "sun:04:00-sun:05:00"
  auto_minor_version_upgrade = true
  apply_immediately          = true
  final_snapshot_identifier  = "case-cache-final"
  log_delivery_configuration {
    destination      = aws_cloudwatch_log_group.slow.name
    destination_type = "cloudwatch-logs"
    log_format       = "json"
    log_type         = "slow-log"
  }
}
output "db" { value = { address = aws_db_instance.d.address, port = aws_db_instance.d.port, secret = aws_db_instance.d.master_user_secret[0].secret_arn, endpoint = aws_db_instance.d.endpoint } }
output "cache" { value = { primary = aws_elasticache_replication_group.c.primary_endpoint_address, reader = aws_elasticache_replication_group.c.reader_endpoint_address, port = aws_elasticache_replication_group.c.port } }
