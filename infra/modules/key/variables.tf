variable "account_id" {
  type        = string
  description = "Account that the key belongs to."
}

variable "name" {
  type        = string
  description = "Prefix of the environment; the key's alias."
}

variable "partition" {
  type        = string
  description = "AWS partition, for ARNs."
  default     = "aws"
}

variable "protected" {
  type        = bool
  description = "Whether a deleted key can be had back for 30 days; else for 7, the least that AWS allows."
}

variable "region" {
  type        = string
  description = "Region of the key."
}
