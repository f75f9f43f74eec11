output "arns" {
  description = "ARN of each bucket by the name that the service gives it."
  value       = { for name, bucket in module.bucket : name => bucket.arn }
}

output "names" {
  description = "Name of each bucket by the name that the service gives it."
  value       = { for name, bucket in module.bucket : name => bucket.name }
}

output "replicas" {
  description = "Name of each copy in the other region by the name that the service gives the bucket."
  value       = { for name, bucket in module.replica : name => bucket.name }
}
