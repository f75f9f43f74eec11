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
