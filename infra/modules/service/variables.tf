variable "alarm_names" {
  type        = list(string)
  description = "Alarms that end a rolling deployment and take it back. CodeDeploy watches its own."
  default     = []
}

variable "assign_public_ip" {
  type        = bool
  description = "Whether tasks get a public address: only where there is no NAT."
}

variable "called" {
  type        = bool
  description = "Whether other services call this one: those in `callers_security_group_id` may connect then."
  default     = false
}

variable "callers_security_group_id" {
  type        = string
  description = "Security group of all services that call others. Null: none may."
  default     = null
}

variable "calls" {
  type        = bool
  description = "Whether it calls other services, and is in `callers_security_group_id` therefore."
  default     = false
}

variable "cluster_arn" {
  type        = string
  description = "Cluster of the service."
}

variable "container_name" {
  type        = string
  description = "Container that the load balancer sends to."
}

variable "controller" {
  type        = string
  description = "Who rolls out: ECS (task by task) or CODE_DEPLOY (a second set of tasks, then the traffic)."
  default     = "ECS"

  validation {
    condition     = contains(["ECS", "CODE_DEPLOY"], var.controller)
    error_message = "controller: ECS or CODE_DEPLOY."
  }
}

variable "desired_count" {
  type        = number
  description = "Tasks at creation. Afterwards scaling and rollouts decide."
}

variable "exec" {
  type        = bool
  description = "Whether ECS Exec may open a shell in the tasks. CodeDeploy's services take it when they are made."
  default     = false
}

variable "former_port" {
  type        = number
  description = "Port of the tasks that still run, where `port` is about to replace it."
  default     = null
}

variable "grace" {
  type        = number
  description = "Seconds after a task's start in which failing target health does not count."
  default     = 0
}

variable "load_balancer_security_group_id" {
  type        = string
  description = "The only group that may connect to the tasks."
}

variable "maximum_percent" {
  type        = number
  description = "Most tasks during a rollout, in percent of the desired count."
}

variable "minimum_healthy_percent" {
  type        = number
  description = "Fewest healthy tasks during a rollout, in percent of the desired count."
}

variable "name" {
  type        = string
  description = "Name of the service."
}

variable "namespace_id" {
  type        = string
  description = "Namespace in which other services find it. Null: none."
  default     = null
}

variable "port" {
  type        = number
  description = "Port that the tasks listen on. Null: nobody may connect to them."
  default     = null
}

variable "serves" {
  type        = bool
  description = "Whether there is an ECS service. Else the group alone: for tasks that run to their end."
  default     = true
}

variable "short_name" {
  type        = string
  description = "What the service is called in the namespace."
  default     = null
}

variable "subnets" {
  type        = list(string)
  description = "Subnets of the tasks."
}

variable "target_group_arn" {
  type        = string
  description = "Target group that the tasks join. Null: none does."
  default     = null
}

variable "task_definition_arn" {
  type        = string
  description = "Revision to start with. Afterwards rollouts decide."
}

variable "vpc_id" {
  type        = string
  description = "VPC of the tasks."
}
