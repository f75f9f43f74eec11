variable "account_id" {
  type        = string
  description = "Account of the schedules."
}

variable "assign_public_ip" {
  type        = bool
  description = "Whether tasks get a public address: only where there is no NAT."
}

variable "cluster_arn" {
  type        = string
  description = "Cluster that the tasks run in."
}

variable "family" {
  type        = string
  description = "Family of the task definition that the jobs run."
}

variable "jobs" {
  type = map(object({
    schedule = string
    timezone = string
  }))
  description = "When each job runs: an expression of Scheduler's, rate(…), cron(…) or at(…), and its time zone."

  validation {
    condition     = alltrue([for job in values(var.jobs) : can(regex("^(rate|cron|at)[(][^()]+[)]$", job.schedule))])
    error_message = "jobs: a schedule is rate(…), cron(…) or at(…)."
  }
}

variable "name" {
  type        = string
  description = "Name of the service."
}

variable "partition" {
  type        = string
  description = "Partition of the account: aws, aws-us-gov or aws-cn."
}

variable "region" {
  type        = string
  description = "Region of the schedules."
}

variable "security_groups" {
  type        = list(string)
  description = "Security groups of the tasks."
}

variable "subnets" {
  type        = list(string)
  description = "Subnets of the tasks."
}

variable "task_roles" {
  type        = list(string)
  description = "ARNs of the roles that the tasks run with."
}
