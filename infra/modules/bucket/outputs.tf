output "arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.this.arn
}

output "name" {
  description = "Name of the bucket. Known only once it keeps versions, which copies need."
  value       = aws_s3_bucket.this.bucket

  depends_on = [aws_s3_bucket_versioning.this]
}
