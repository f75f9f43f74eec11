module "registry" {
  source   = "../modules/registry"
  for_each = toset(var.services)

  name      = "${local.prefix}/${each.value}"
  service   = each.value
  protected = var.protected
}
