variable "account_id" {
  type        = string
  description = "Account whose tasks may take the roles."
}

variable "key_arn" {
  type        = string
  description = "KMS key of the secrets. Null: AWS's own."
  default     = null
}

variable "log_group_arns" {
  type        = list(string)
  description = "Log groups that the agent writes to."
}

variable "name" {
  type        = string
  description = "Full name of the service; cut to IAM's 64 characters where it is longer."
}

variable "parameter_arns" {
  type        = list(string)
  description = "Parameters that the agent reads for the container."
  default     = []
}

variable "region" {
  type        = string
  description = "Region of the secrets."
}

variable "repository_arn" {
  type        = string
  description = "The one repository that the agent pulls from."
}

variable "secret_arns" {
  type        = list(string)
  description = "Secrets that the agent reads for the container."
  default     = []
}

# Statements differ in their keys, which a typed list would not allow.
variable "task_statements" {
  type        = any
  description = "What the service's own code may do, as statements of a policy. Empty: nothing."
  default     = []
}
