# Whom GitHub's tokens are believed: once per account, as is the registry. The roles that they open
# belong to the environments (infra/modules/identity).
resource "aws_iam_openid_connect_provider" "github" {
  count = var.github_oidc_provider ? 1 : 0

  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}
