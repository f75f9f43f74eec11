output "repositories" {
  description = "Repository URL of each service."
  value       = { for name, registry in module.registry : name => registry.url }
}
