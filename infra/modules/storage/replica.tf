# --- Copies in another region: of the buckets that ask for it ------------------------------------

locals {
  replicated = { for name, bucket in var.buckets : name => bucket if bucket.replicate }
}

module "replica_name" {
  source   = "../name"
  for_each = local.replicated

  full  = "${var.name}-${each.key}-replica-${var.account_id}"
  limit = 63
}

# The environment's key stays in its region.
resource "aws_kms_key" "replica" {
  provider = aws.replica
  count    = length(local.replicated) > 0 ? 1 : 0

  description             = "Copies of the buckets of ${var.name}"
  enable_key_rotation     = true
  deletion_window_in_days = var.protected ? 30 : 7

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Account"
      Effect    = "Allow"
      Principal = { AWS = "arn:${var.partition}:iam::${var.account_id}:root" }
      Action    = "kms:*"
      Resource  = "*"
    }]
  })
}

module "replica" {
  source   = "../bucket"
  for_each = local.replicated

  name      = module.replica_name[each.key].value
  key_arn   = aws_kms_key.replica[0].arn
  protected = var.protected

  providers = { aws = aws.replica }
}

# --- Who copies ----------------------------------------------------------------------------------

module "replication_role_name" {
  source = "../name"

  full  = "${var.name}-replication"
  limit = 64
}

resource "aws_iam_role" "replication" {
  count = length(local.replicated) > 0 ? 1 : 0

  name        = module.replication_role_name.value
  description = "Copies the buckets of ${var.name} to ${coalesce(var.replica_region, "another region")}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "s3.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "replication" {
  count = length(local.replicated) > 0 ? 1 : 0

  name = "copy"
  role = aws_iam_role.replication[0].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "List"
        Effect   = "Allow"
        Action   = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
        Resource = [for name in keys(local.replicated) : module.bucket[name].arn]
      },
      {
        Sid      = "Read"
        Effect   = "Allow"
        Action   = ["s3:GetObjectVersionAcl", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging"]
        Resource = [for name in keys(local.replicated) : "${module.bucket[name].arn}/*"]
      },
      {
        Sid      = "Write"
        Effect   = "Allow"
        Action   = ["s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"]
        Resource = [for bucket in module.replica : "${bucket.arn}/*"]
      },
      {
        Sid       = "Decrypt"
        Effect    = "Allow"
        Action    = "kms:Decrypt"
        Resource  = var.key_arn
        Condition = { StringEquals = { "kms:ViaService" = "s3.${var.region}.amazonaws.com" } }
      },
      {
        Sid       = "Encrypt"
        Effect    = "Allow"
        Action    = ["kms:Encrypt", "kms:GenerateDataKey"]
        Resource  = aws_kms_key.replica[0].arn
        Condition = { StringEquals = { "kms:ViaService" = "s3.${var.replica_region}.amazonaws.com" } }
      },
    ]
  })
}

resource "aws_s3_bucket_replication_configuration" "this" {
  for_each = local.replicated

  bucket = module.bucket[each.key].name
  role   = aws_iam_role.replication[0].arn

  rule {
    id     = "all"
    status = "Enabled"

    filter {}

    delete_marker_replication {
      status = "Enabled"
    }

    source_selection_criteria {
      sse_kms_encrypted_objects {
        status = "Enabled"
      }
    }

    destination {
      bucket        = module.replica[each.key].arn
      storage_class = "STANDARD_IA"

      encryption_configuration {
        replica_kms_key_id = aws_kms_key.replica[0].arn
      }
    }
  }

  # Both buckets must keep versions before.
  depends_on = [aws_iam_role_policy.replication, module.bucket, module.replica]
}
