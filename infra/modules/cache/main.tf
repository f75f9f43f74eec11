locals {
  several = var.nodes > 1
}

module "id" {
  source = "../name"

  full  = var.name
  limit = 40
}

module "default_user" {
  source = "../name"

  full  = "${var.name}-default"
  limit = 40
}

# --- Who may connect ---------------------------------------------------------------------------

resource "aws_security_group" "this" {
  name        = "${var.name}-cache"
  description = "Redis of ${var.name}; each service adds its own tasks"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-cache" }
}

resource "aws_elasticache_subnet_group" "this" {
  name        = "${var.name}-cache"
  description = "Private subnets of ${var.name}"
  subnet_ids  = var.subnets
}

# Every group must have a user of this name, and Redis takes it for whoever gives no name: it may
# do nothing. Services add users of their own, who prove themselves by their task's role.
resource "aws_elasticache_user" "default" {
  count = var.authentication ? 1 : 0

  user_id       = module.default_user.value
  user_name     = "default"
  engine        = "redis"
  access_string = "off ~* -@all"

  authentication_mode {
    type = "no-password-required"
  }
}

resource "aws_elasticache_user_group" "this" {
  count = var.authentication ? 1 : 0

  user_group_id = module.id.value
  engine        = "redis"
  user_ids      = [aws_elasticache_user.default[0].user_id]

  lifecycle {
    ignore_changes = [user_ids] # services join
  }
}

# --- Cache -------------------------------------------------------------------------------------

resource "aws_elasticache_parameter_group" "this" {
  name        = "${var.name}-redis7"
  family      = "redis7"
  description = "Redis 7 of ${var.name}"

  # Full: the keys that were used least recently go first, whether or not they expire by themselves.
  parameter {
    name  = "maxmemory-policy"
    value = "allkeys-lru"
  }
}

resource "aws_elasticache_replication_group" "this" {
  replication_group_id = module.id.value
  description          = "Redis of ${var.name}"
  engine               = "redis"
  engine_version       = "7.1"
  node_type            = var.node_type
  num_cache_clusters   = var.nodes
  port                 = 6379

  automatic_failover_enabled = local.several
  multi_az_enabled           = local.several

  at_rest_encryption_enabled = true
  kms_key_id                 = var.key_arn
  transit_encryption_enabled = var.authentication
  transit_encryption_mode    = var.authentication ? "required" : null
  user_group_ids             = aws_elasticache_user_group.this[*].user_group_id

  subnet_group_name    = aws_elasticache_subnet_group.this.name
  security_group_ids   = [aws_security_group.this.id]
  parameter_group_name = aws_elasticache_parameter_group.this.name

  snapshot_retention_limit  = var.snapshot_days
  snapshot_window           = "08:00-09:00" # UTC: night in the west of America
  maintenance_window        = "sun:10:30-sun:11:30"
  final_snapshot_identifier = var.protected ? "${module.id.value}-final" : null

  auto_minor_version_upgrade = true
  apply_immediately          = false
}
