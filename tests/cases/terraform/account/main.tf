resource "aws_kms_key" "k" {
  description             = "one key"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  policy = jsonencode({ Version = "2012-10-17", Statement = [
    { Sid = "root", Effect = "Allow", Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.me.account_id}:root" }, Action = "kms:*", Resource = "*" },
    { Sid = "logs", Effect = "Allow", Principal = { Service = "logs.us-west-1.amazonaws.com" }, Action = ["kms:Encrypt*", "kms:Decrypt*", "kms:GenerateDataKey*"], Resource = "*" },
  ] })
}
resource "aws_kms_alias" "k" {
  name          = "alias/case"
  target_key_id = aws_kms_key.k.key_id
}
resource "aws_ecr_repository" "r" {
  name                 = "case/greeter"
  image_tag_mutability = "IMMUTABLE"
  force_delete         = true
  image_scanning_configuration { scan_on_push = true }
  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = aws_kms_key.k.arn
  }
}
resource "aws_ecr_lifecycle_policy" "r" {
  repository = aws_ecr_repository.r.name
  policy = jsonencode({ rules = [
    { rulePriority = 1, description = "untagged", selection = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 7 }, action = { type = "expire" } },
  { rulePriority = 2, description = "last ten", selection = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 10 }, action = { type = "expire" } }] })
}
resource "aws_ecr_repository_policy" "r" {
  repository = aws_ecr_repository.r.name
  policy     = jsonencode({ Version = "2012-10-17", Statement = [{ Sid = "pull", Effect = "Allow", Principal = { AWS = "arn:aws:iam::222222222222:root" }, Action = ["ecr:BatchGetImage"] }] })
}
resource "aws_ssm_parameter" "p" {
  name        = "/case/platform"
  type        = "String"
  value       = jsonencode({ schema_version = 1 })
  description = "contract"
}
resource "aws_ssm_parameter" "s" {
  name   = "/case/secret"
  type   = "SecureString"
  key_id = aws_kms_key.k.arn
  value  = "hidden"
  tier   = "Standard"
}
resource "aws_secretsmanager_secret" "s" {
  name                    = "case/greeter/STRIPE_KEY"
  description             = "by hand"
  kms_key_id              = aws_kms_key.k.arn
  recovery_window_in_days = 0
}
resource "aws_secretsmanager_secret_version" "s" {
  secret_id     = aws_secretsmanager_secret.s.id
  secret_string = "placeholder"
  lifecycle { ignore_changes = [secret_string] }
}
resource "aws_secretsmanager_secret_policy" "s" {
  secret_arn = aws_secretsmanager_secret.s.arn
  policy     = jsonencode({ Version = "2012-10-17", Statement = [{ Sid = "deny", Effect = "Deny", Principal = "*", Action = "secretsmanager:GetSecretValue", Resource = "*", Condition = { Bool = { "aws:SecureTransport" = "false" } } }] })
}
resource "aws_iam_openid_connect_provider" "gh" {
  url             = "https://token.actions.githubusercontent.com"
  client_id_list  = ["sts.amazonaws.com"]
  thumbprint_list = ["6938fd4d98bab03faadb97b34396831e3780aea1"]
}
resource "aws_iam_role" "deploy" {
  name                 = "case-deploy"
  description          = "deploys"
  max_session_duration = 7200
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Federated = aws_iam_openid_connect_provider.gh.arn }, Action = "sts:AssumeRoleWithWebIdentity",
  Condition = { StringEquals = { "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com", "token.actions.githubusercontent.com:sub" = "repo:acme/shop:environment:staging" } } }] })
}
resource "aws_iam_role_policy" "p" {
  name   = "p"
  role   = aws_iam_role.deploy.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = ["ecs:UpdateService"], Resource = "*" }] })
}
resource "aws_iam_policy" "b" {
  name   = "case-boundary"
  path   = "/slipway/"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }] })
}
resource "aws_iam_role" "bounded" {
  name                 = "case-bounded"
  path                 = "/slipway/"
  permissions_boundary = aws_iam_policy.b.arn
  assume_role_policy   = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "ecs-tasks.amazonaws.com" }, Action = "sts:AssumeRole" }] })
}
resource "aws_iam_role_policy_attachment" "a" {
  role       = aws_iam_role.bounded.name
  policy_arn = aws_iam_policy.b.arn
}
resource "aws_iam_role_policy_attachment" "m" {
  role       = aws_iam_role.bounded.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}
resource "aws_iam_service_linked_role" "ecs" { aws_service_name = "rds.amazonaws.com" }
