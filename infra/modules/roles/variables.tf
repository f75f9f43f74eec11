variable "account_id" {
  type        = string
  description = "Account whose tasks may take the roles."
}

variable "log_group_arns" {
  type        = list(string)
  description = "Log groups that the agent writes to."
}

variable "name" {
  type        = string
  description = "Full name of the service; cut to IAM's 64 characters where it is longer."
}


variable "repository_arn" {
  type        = string
  description = "The one repository that the agent pulls from."
}
