# A bucket's name is unique in all of AWS: hence the account in it.
module "name" {
  source   = "../name"
  for_each = var.buckets

  full  = "${var.name}-${each.key}-${var.account_id}"
  limit = 63
}

module "bucket" {
  source   = "../bucket"
  for_each = var.buckets

  name      = module.name[each.key].value
  key_arn   = var.key_arn
  protected = var.protected
}
