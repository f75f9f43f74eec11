resource "aws_ecr_repository" "this" {
  name                 = var.name
  image_tag_mutability = "IMMUTABLE"
  force_delete         = !var.protected

  image_scanning_configuration {
    scan_on_push = true
  }

  # Without a key of our own this is AWS's managed aws/ecr key: encrypted, audited and free.
  encryption_configuration {
    encryption_type = "KMS"
  }

  tags = { service = var.service }
}

# The last ten images, and every one that a release of an environment may go back to: those have a
# tag release-<environment>-<release>, which the engine puts on and takes off. See README.md.
resource "aws_ecr_lifecycle_policy" "this" {
  repository = aws_ecr_repository.this.name
  policy     = jsonencode(jsondecode(file("${path.module}/lifecycle.json")))
}
