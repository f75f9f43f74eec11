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

resource "aws_ecr_lifecycle_policy" "this" {
  repository = aws_ecr_repository.this.name

  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "Untagged images are left over from broken pushes"
        selection = {
          tagStatus   = "untagged"
          countType   = "sinceImagePushed"
          countUnit   = "days"
          countNumber = 1
        }
        action = { type = "expire" }
      },
      {
        rulePriority = 2
        description  = "Keep the last ${var.keep} images"
        selection = {
          tagStatus   = "any"
          countType   = "imageCountMoreThan"
          countNumber = var.keep
        }
        action = { type = "expire" }
      },
    ]
  })
}
