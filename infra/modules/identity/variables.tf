variable "account_id" {
  type        = string
  description = "Account of the environment."
}

variable "environment" {
  type        = string
  description = "Environment; state and records of others stay out of reach."
}

variable "name" {
  type        = string
  description = "Prefix of the environment: roles may touch what is called so, and no more."
}

variable "partition" {
  type        = string
  description = "AWS partition, for ARNs."
  default     = "aws"
}

variable "plan_subjects" {
  type        = list(string)
  description = "Who may plan, where that is not the same: often a GitHub environment that asks for no approval. Empty: the same."
  default     = []

  validation {
    condition     = alltrue([for subject in var.plan_subjects : can(regex("^repo:[^*?:]+/[^*?:]+:environment:[^*?:]+$", subject))])
    error_message = "plan_subjects: repo:OWNER/REPOSITORY:environment:NAME each, without wildcards."
  }
}

variable "promote_subjects" {
  type        = list(string)
  description = "Who may take releases from here to another environment: the GitHub environment that gets them. Empty: nobody."
  default     = []

  validation {
    condition     = alltrue([for subject in var.promote_subjects : can(regex("^repo:[^*?:]+/[^*?:]+:environment:[^*?:]+$", subject))])
    error_message = "promote_subjects: repo:OWNER/REPOSITORY:environment:NAME each, without wildcards."
  }
}

variable "region" {
  type        = string
  description = "Region of the environment."
}

variable "registry" {
  type        = string
  description = "What the image repositories' names begin with: <owner>-<project>."
}

variable "registry_environment" {
  type        = string
  description = "Environment whose registry this one uses, where that is another one: the state of that stack is within reach."
  default     = ""
}

variable "replica_region" {
  type        = string
  description = "Region of the copies of buckets. Empty: there are none."
  default     = ""
}

variable "state_bucket" {
  type        = string
  description = "Bucket of Terraform's state and of the releases."
}

variable "lock_table" {
  type        = string
  description = "Table of locks and leases."
}

variable "subjects" {
  type        = list(string)
  description = "The `sub` of GitHub's tokens that may take the roles. A list: a renamed repository has another one."

  validation {
    condition     = length(var.subjects) > 0 && alltrue([for subject in var.subjects : can(regex("^repo:[^*?:]+/[^*?:]+:environment:[^*?:]+$", subject))])
    error_message = "subjects: repo:OWNER/REPOSITORY:environment:NAME each, without wildcards."
  }
}
