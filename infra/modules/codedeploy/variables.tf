variable "account_id" {
  type        = string
  description = "Account of the service."
}

variable "alarm_names" {
  type        = list(string)
  description = "Alarms that end a deployment and take it back."
  default     = []

  validation {
    condition     = length(var.alarm_names) <= 10
    error_message = "alarm_names: CodeDeploy watches at most 10."
  }
}

variable "cluster_name" {
  type        = string
  description = "Cluster of the service."
}

variable "listener_arn" {
  type        = string
  description = "Listener that carries the traffic."
}

variable "name" {
  type        = string
  description = "Name of the application and of its only deployment group."

  validation {
    condition     = length(var.name) <= 68
    error_message = "name: at most 68 characters; the deployment configuration adds up to 32, and CodeDeploy allows 100."
  }
}

variable "partition" {
  type        = string
  description = "AWS partition, for ARNs."
}

variable "ready_wait" {
  type        = number
  description = "Minutes that a deployment waits for a word to go on before it shifts traffic. 0: it doesn't wait."
  default     = 0

  validation {
    condition     = var.ready_wait >= 0 && var.ready_wait <= 2880
    error_message = "ready_wait: 0 to 2880 minutes."
  }
}

variable "region" {
  type        = string
  description = "Region of the service."
}

variable "service_name" {
  type        = string
  description = "The ECS service."
}

variable "shift" {
  type        = object({ percent = number, minutes = number })
  description = "canary: the share that goes first, and minutes until the rest. linear: the share of each step, and minutes between two."

  validation {
    condition     = var.shift.percent >= 1 && var.shift.percent <= 99 && var.shift.minutes >= 1
    error_message = "shift: 1 to 99 percent, at least 1 minute."
  }

  # 2880 minutes is the longest that CodeDeploy shifts.
  validation {
    condition     = (var.strategy == "linear" ? ceil(100 / var.shift.percent) - 1 : 1) * var.shift.minutes <= 2880
    error_message = "shift: two days from the first step to the last is the most; take larger steps or fewer minutes."
  }
}

variable "standby" {
  type        = number
  description = "Minutes that the old tasks stay after the shift."

  validation {
    condition     = var.standby >= 0 && var.standby <= 2880
    error_message = "standby: 0 to 2880 minutes."
  }
}

variable "strategy" {
  type        = string
  description = "blue_green (all at once), canary (a share first) or linear (in equal steps)."

  validation {
    condition     = contains(["blue_green", "canary", "linear"], var.strategy)
    error_message = "strategy: blue_green, canary or linear."
  }
}

variable "target_groups" {
  type        = object({ blue = string, green = string })
  description = "Names of the two target groups."
}

variable "task_roles" {
  type        = list(string)
  description = "Roles that new tasks get."
}

variable "test_listener_arn" {
  type        = string
  description = "Listener for trying new tasks. Null: none."
  default     = null
}
