mock_provider "aws" {
  source = "../tests"
}

variables {
  prefix       = "shop-dev/orders"
  key_arn      = "arn:aws:kms:us-west-1:123456789012:key/1"
  protected    = true
  placeholders = { STRIPE_KEY = "not set", database = "{}" }
  rotation     = { database = { function_arn = "arn:aws:lambda:us-west-1:123456789012:function:rotation", days = 30 } }
}

run "begins_with_placeholders" {
  module {
    source = "../modules/secrets"
  }

  assert {
    condition = alltrue([
      aws_secretsmanager_secret.this["STRIPE_KEY"].name == "shop-dev/orders/STRIPE_KEY",
      aws_secretsmanager_secret.this["STRIPE_KEY"].recovery_window_in_days == 30,
      aws_secretsmanager_secret.this["database"].kms_key_id == "arn:aws:kms:us-west-1:123456789012:key/1",
      aws_secretsmanager_secret_version.placeholder["STRIPE_KEY"].secret_string == "not set",
      aws_secretsmanager_secret_version.placeholder["STRIPE_KEY"].version_stages == toset(["PLACEHOLDER"]),
    ])
    error_message = "a secret with a value to begin with, which is marked as such"
  }

  assert {
    condition     = keys(aws_secretsmanager_secret_rotation.this) == ["database"]
    error_message = "only what asks for it is rotated"
  }
}

run "never_writes_a_value_again" {
  module {
    source = "../modules/secrets"
  }

  variables {
    placeholders = { STRIPE_KEY = "another text", database = "{}" }
    rotation     = {}
  }

  assert {
    condition     = aws_secretsmanager_secret_version.placeholder["STRIPE_KEY"].secret_string == "not set"
    error_message = "after creation, values are not Terraform's"
  }
}
