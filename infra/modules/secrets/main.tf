resource "aws_secretsmanager_secret" "this" {
  for_each = var.placeholders

  name        = "${var.prefix}/${each.key}"
  description = "Of ${var.prefix}; the value is never written by Terraform"
  kms_key_id  = var.key_arn

  # Without a grace an environment can be destroyed and made again on the same day.
  recovery_window_in_days = var.protected ? 30 : 0
}

# A task whose secret has no value does not start, so each begins with one that says so. Secrets
# Manager makes a secret's first version current by itself. Its label keeps the version from being
# tidied away, and should Terraform ever have to make it again, the value in force stays current.
# Terraform reads back this version and no other: real values never enter its state.
resource "aws_secretsmanager_secret_version" "placeholder" {
  for_each = var.placeholders

  secret_id      = aws_secretsmanager_secret.this[each.key].id
  secret_string  = each.value
  version_stages = ["PLACEHOLDER"]

  lifecycle {
    ignore_changes = [secret_string, version_stages]
  }
}

resource "aws_secretsmanager_secret_rotation" "this" {
  # checkov:skip=CKV_AWS_304:Every 1 to 90 days, which the variable's validation holds; checkov can't resolve it
  for_each = var.rotation

  secret_id           = aws_secretsmanager_secret.this[each.key].id
  rotation_lambda_arn = each.value.function_arn
  rotate_immediately  = false # there is nothing to rotate before the first value

  rotation_rules {
    automatically_after_days = each.value.days
  }
}
