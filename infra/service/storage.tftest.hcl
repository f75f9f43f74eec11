mock_provider "aws" {
  alias  = "replica"
  source = "../tests"
}

mock_provider "aws" {
  source = "../tests"
}

variables {
  name      = "shop-dev-orders-uploads-123456789012"
  key_arn   = "arn:aws:kms:us-west-1:123456789012:key/1"
  protected = false
}

run "is_private_and_keeps_versions" {
  module {
    source = "../modules/bucket"
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled",
      one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].kms_master_key_id == "arn:aws:kms:us-west-1:123456789012:key/1",
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
      aws_s3_bucket.this.force_destroy,
    ])
    error_message = "versioned, encrypted, private"
  }

  assert {
    condition     = jsondecode(aws_s3_bucket_policy.this.policy).Statement[0].Condition == { Bool = { "aws:SecureTransport" = "false" } } && jsondecode(aws_s3_bucket_policy.this.policy).Statement[0].Effect == "Deny"
    error_message = "over TLS only"
  }
}

run "copies_what_asks_for_it" {
  module {
    source = "../modules/storage"
  }

  providers = {
    aws         = aws
    aws.replica = aws.replica
  }

  variables {
    name           = "twelve-chars-sixteen-letters0-environment0-a-service-of-24-letters0"
    account_id     = "123456789012"
    partition      = "aws"
    region         = "us-west-1"
    replica_region = "us-west-2"
    key_arn        = "arn:aws:kms:us-west-1:123456789012:key/1"
    protected      = true
    buckets        = { "bucket-of-20-letters" = { replicate = true }, plain = { replicate = false } }
  }

  assert {
    condition     = alltrue([for name in concat(values(output.names), values(output.replicas)) : length(name) <= 63]) && length(distinct(concat(values(output.names), values(output.replicas)))) == 3
    error_message = "S3 allows 63 characters, and no two buckets are called alike"
  }

  assert {
    condition     = keys(aws_s3_bucket_replication_configuration.this) == ["bucket-of-20-letters"] && keys(output.replicas) == ["bucket-of-20-letters"]
    error_message = "only what asks for a copy has one"
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_replication_configuration.this["bucket-of-20-letters"].rule[0].status == "Enabled",
      aws_s3_bucket_replication_configuration.this["bucket-of-20-letters"].rule[0].delete_marker_replication[0].status == "Enabled",
      aws_s3_bucket_replication_configuration.this["bucket-of-20-letters"].rule[0].source_selection_criteria[0].sse_kms_encrypted_objects[0].status == "Enabled",
      one(one(aws_s3_bucket_replication_configuration.this["bucket-of-20-letters"].rule[0].destination).encryption_configuration).replica_kms_key_id == aws_kms_key.replica[0].arn,
      aws_kms_key.replica[0].enable_key_rotation,
      aws_kms_key.replica[0].deletion_window_in_days == 30,
    ])
    error_message = "encrypted objects are copied as well, under a key of the other region, and so are deletions"
  }

  assert {
    condition = alltrue([
      length(aws_iam_role.replication[0].name) <= 64,
      jsondecode(aws_iam_role.replication[0].assume_role_policy).Statement[0].Principal == { Service = "s3.amazonaws.com" },
      !anytrue([for statement in jsondecode(aws_iam_role_policy.replication[0].policy).Statement : contains(flatten([statement.Resource]), "*")]),
    ])
    error_message = "S3 copies by a role that reaches these buckets and keys only"
  }
}

run "makes_nothing_where_nothing_asks" {
  module {
    source = "../modules/storage"
  }

  providers = {
    aws         = aws
    aws.replica = aws.replica
  }

  command = plan

  variables {
    name       = "shop-dev-orders"
    account_id = "123456789012"
    partition  = "aws"
    region     = "us-west-1"
    protected  = false
    buckets    = {}
  }

  assert {
    condition     = length(output.names) + length(aws_kms_key.replica) + length(aws_iam_role.replication) == 0
    error_message = "no bucket, no key, no role"
  }
}

run "refuses_a_bucket_with_a_dot" {
  module {
    source = "../modules/storage"
  }

  providers = {
    aws         = aws
    aws.replica = aws.replica
  }

  command = plan

  variables {
    name       = "shop-dev-orders"
    account_id = "123456789012"
    partition  = "aws"
    region     = "us-west-1"
    protected  = false
    buckets    = { "up.loads" = { replicate = false } }
  }

  expect_failures = [var.buckets]
}
