output "value" {
  description = "`full` where it fits, else its head and seven characters of its SHA-1."
  value       = length(var.full) <= var.limit ? var.full : "${local.head}-${local.hash}"
}
