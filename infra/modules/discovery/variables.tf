variable "name" {
  type        = string
  description = "Prefix of every name; the namespace is NAME.internal."
}

variable "vpc_id" {
  type        = string
  description = "VPC in which the names are answered."
}
