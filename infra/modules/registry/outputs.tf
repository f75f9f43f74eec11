output "url" {
  description = "Repository URL, without a tag."
  value       = aws_ecr_repository.this.repository_url
}
