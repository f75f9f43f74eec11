locals {
  # Repositories belong to the account, not to one environment: promoted images stay where they are.
  prefix = join("-", compact([var.owner, var.project]))

  tags = merge(
    {
      project     = var.project
      environment = var.environment
      managed-by  = "terraform"
    },
    var.owner == "" ? {} : { owner = var.owner },
  )
}
