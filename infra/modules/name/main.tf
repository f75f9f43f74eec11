locals {
  # The hash is of the whole name: two long names that differ only in their tails stay apart,
  # and the same name is always cut the same way.
  hash = substr(sha1(var.full), 0, 7)
  head = trimsuffix(substr(var.full, 0, var.limit - 8), "-")
}
