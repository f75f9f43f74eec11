variable "environment" {
  type        = string
  description = "Environment; must be the selected workspace."

  validation {
    condition     = can(regex("^[a-z](-?[a-z0-9])+$", var.environment)) && length(var.environment) <= 12
    error_message = "environment: 2 to 12 lower-case letters, digits and single hyphens, beginning with a letter."
  }

  validation {
    condition     = terraform.workspace == var.environment
    error_message = "environment: \"${var.environment}\" is not the selected workspace, \"${terraform.workspace}\"; this state belongs to another environment."
  }
}

variable "image" {
  type        = string
  description = "Image of the template revision, by digest."

  validation {
    condition     = can(regex("^[^@[:space:]]+/[^@[:space:]]+@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image: repository@sha256:digest; a tag could be moved."
  }
}

variable "owner" {
  type        = string
  description = "Who owns this in a shared AWS account; enters every name. Empty: nobody else is there."
  default     = ""

  validation {
    condition     = can(regex("^([a-z](-?[a-z0-9])*)?$", var.owner)) && length(var.owner) <= 12
    error_message = "owner: empty, or 1 to 12 lower-case letters, digits and single hyphens, beginning with a letter."
  }
}

variable "project" {
  type        = string
  description = "Project; enters every name."

  validation {
    condition     = can(regex("^[a-z](-?[a-z0-9])+$", var.project)) && length(var.project) <= 16
    error_message = "project: 2 to 16 lower-case letters, digits and single hyphens, beginning with a letter."
  }
}

variable "protected" {
  type        = bool
  description = "Whether what holds data or traffic refuses to be deleted."
}

variable "region" {
  type        = string
  description = "AWS region."

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region: the name of an AWS region, such as us-west-1."
  }
}

variable "service" {
  type = object({
    name         = string
    port         = number
    cpu          = number
    memory       = number
    architecture = string
    stop_timeout = number
    env          = map(string)
    health = object({
      path      = string
      interval  = number
      timeout   = number
      healthy   = number
      unhealthy = number
      grace     = number
    })
    route = object({
      path     = string
      host     = string
      priority = number
    })
    scale = object({
      min      = number
      max      = number
      cpu      = number
      memory   = number
      requests = number
    })
    deploy = object({
      strategy                = string
      minimum_healthy_percent = number
      maximum_percent         = number
      standby                 = optional(number, 10)
      shift = optional(object({
        percent = optional(number, 10)
        minutes = optional(number, 5)
      }), {})
    })
    alarms = optional(object({
      cpu     = optional(number, 80)
      memory  = optional(number, 90)
      errors  = optional(number, 1)
      latency = optional(number, 1)
    }), {})
    database = optional(object({
      enabled = optional(bool, false)
      migrate = optional(list(string), [])
    }), {})
    cache       = optional(object({ enabled = optional(bool, false) }), {})
    buckets     = optional(map(object({ replicate = optional(bool, false) })), {})
    calls       = optional(map(object({ port = number, path = string })), {})
    called      = optional(bool, false)
    secrets     = optional(list(string), [])
    parameters  = optional(map(string), {})
    former_port = optional(number)
    kind        = optional(string, "web")
    jobs = optional(map(object({
      command  = list(string)
      schedule = optional(string, "")
      timezone = optional(string, "UTC")
      cpu      = optional(number, 0)
      memory   = optional(number, 0)
    })), {})
  })
  description = "The service's manifest, as it is in this environment."

  validation {
    condition     = can(regex("^[a-z](-?[a-z0-9])+$", var.service.name)) && length(var.service.name) <= 24
    error_message = "service.name: 2 to 24 lower-case letters, digits and single hyphens, beginning with a letter."
  }

  validation {
    condition     = var.service.port >= 1024 && var.service.port <= 65535
    error_message = "service.port: 1024 to 65535; a task without capabilities can't open a lower one."
  }

  validation {
    condition = contains(lookup({
      256   = [512, 1024, 2048]
      512   = range(1024, 4097, 1024)
      1024  = range(2048, 8193, 1024)
      2048  = range(4096, 16385, 1024)
      4096  = range(8192, 30721, 1024)
      8192  = range(16384, 61441, 4096)
      16384 = range(32768, 122881, 8192)
    }, var.service.cpu, []), var.service.memory)
    error_message = "service.cpu, service.memory: Fargate has no ${var.service.cpu} CPU units with ${var.service.memory} MiB."
  }

  validation {
    condition     = contains(["x86_64", "arm64"], var.service.architecture)
    error_message = "service.architecture: x86_64 or arm64."
  }

  validation {
    condition     = var.service.stop_timeout >= 45 && var.service.stop_timeout <= 120
    error_message = "service.stop_timeout: 45 to 120 seconds; a task serves on for 5, drains for 30, closes for 5, and needs a margin of 5."
  }

  validation {
    condition     = can(regex("^/[A-Za-z0-9._~/-]*$", var.service.health.path))
    error_message = "service.health.path: a path such as /health."
  }

  validation {
    condition     = var.service.health.interval >= 5 && var.service.health.interval <= 300
    error_message = "service.health.interval: 5 to 300 seconds."
  }

  validation {
    condition     = var.service.health.timeout >= 2 && var.service.health.timeout <= 60 && var.service.health.timeout < var.service.health.interval
    error_message = "service.health.timeout: 2 to 60 seconds, and less than service.health.interval."
  }

  validation {
    condition     = min(var.service.health.healthy, var.service.health.unhealthy) >= 2 && max(var.service.health.healthy, var.service.health.unhealthy) <= 10
    error_message = "service.health.healthy, service.health.unhealthy: 2 to 10 checks."
  }

  validation {
    condition     = var.service.health.grace >= 0 && var.service.health.grace <= 300
    error_message = "service.health.grace: 0 to 300 seconds."
  }

  validation {
    condition     = var.service.kind == "job" || var.service.route.path != "" || var.service.route.host != ""
    error_message = "service.route: a path, a host, or both."
  }

  validation {
    condition     = var.service.route.path == "" || var.service.route.path == "/" || can(regex("^(/[A-Za-z0-9._~-]+)+$", var.service.route.path)) && length(var.service.route.path) <= 126
    error_message = "service.route.path: / or a path such as /orders, without a slash at the end, at most 126 characters."
  }

  validation {
    condition     = var.service.route.host == "" || can(regex("^[a-z0-9*]([a-z0-9.*-]*[a-z0-9])?$", var.service.route.host)) && length(var.service.route.host) <= 128
    error_message = "service.route.host: a host name such as api.example.com, at most 128 characters."
  }

  validation {
    condition     = var.service.kind == "job" || var.service.route.priority >= 1 && var.service.route.priority <= 49999
    error_message = "service.route.priority: 1 to 49999, unique in the environment."
  }

  validation {
    condition     = var.service.scale.min >= 0 && var.service.scale.max >= max(1, var.service.scale.min)
    error_message = "service.scale: min at least 0, max at least 1 and at least min."
  }

  validation {
    condition     = min(var.service.scale.cpu, var.service.scale.memory) >= 1 && max(var.service.scale.cpu, var.service.scale.memory) <= 100 && var.service.scale.requests >= 1
    error_message = "service.scale: cpu and memory are 1 to 100 percent, requests at least 1 a minute."
  }

  validation {
    condition     = contains(["rolling", "blue_green", "canary", "linear"], var.service.deploy.strategy)
    error_message = "service.deploy.strategy: rolling, blue_green, canary or linear."
  }

  validation {
    condition     = var.service.deploy.standby >= 0 && var.service.deploy.standby <= 2880
    error_message = "service.deploy.standby: 0 to 2880 minutes."
  }

  validation {
    condition     = var.service.deploy.shift.percent >= 1 && var.service.deploy.shift.percent <= 99 && var.service.deploy.shift.minutes >= 1
    error_message = "service.deploy.shift: 1 to 99 percent, at least 1 minute."
  }

  validation {
    condition     = try((var.service.deploy.strategy == "linear" ? ceil(100 / var.service.deploy.shift.percent) - 1 : 1) * var.service.deploy.shift.minutes <= 2880, false)
    error_message = "service.deploy.shift: two days from the first step to the last is the most; take larger steps or fewer minutes."
  }

  validation {
    condition     = var.service.deploy.minimum_healthy_percent >= 0 && var.service.deploy.minimum_healthy_percent <= 100 && var.service.deploy.maximum_percent >= 100 && var.service.deploy.maximum_percent <= 200
    error_message = "service.deploy: minimum_healthy_percent is 0 to 100, maximum_percent 100 to 200."
  }

  # ECS rounds the least up and the most down. Where both meet the desired count, a rollout can
  # neither start nor stop a task, and hangs.
  validation {
    condition = alltrue([for tasks in range(max(1, var.service.scale.min), var.service.scale.max + 1) :
      floor(tasks * var.service.deploy.maximum_percent / 100) > tasks ||
      ceil(tasks * var.service.deploy.minimum_healthy_percent / 100) < tasks
    ])
    error_message = "service.deploy: with ${max(1, var.service.scale.min)} task(s) a rollout could neither start nor stop one; raise maximum_percent or lower minimum_healthy_percent."
  }

  validation {
    condition     = alltrue([for name in keys(var.service.env) : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name))])
    error_message = "service.env: names are letters, digits and underscores, and don't start with a digit."
  }

  validation {
    condition = length(setintersection(concat(keys(var.service.env), var.service.secrets, keys(var.service.parameters)), concat(
      ["ENVIRONMENT", "PORT", "ROUTE_PATH", "SERVICE_NAME", "SERVICE_VERSION"],
      !var.service.database.enabled ? [] : [
        "DATABASE_HOST", "DATABASE_INSTANCE", "DATABASE_MASTER_SECRET_ARN", "DATABASE_NAME", "DATABASE_PASSWORD",
        "DATABASE_PORT", "DATABASE_SECRET_ARN", "DATABASE_USERNAME",
      ],
      !var.service.cache.enabled ? [] : ["CACHE_HOST", "CACHE_NAME", "CACHE_PORT", "CACHE_PREFIX", "CACHE_USERNAME"],
      [for bucket in keys(var.service.buckets) : "BUCKET_${upper(replace(bucket, "-", "_"))}"],
      [for needed in keys(var.service.calls) : "${upper(replace(needed, "-", "_"))}_URL"],
    ))) == 0
    error_message = "service.env, service.secrets, service.parameters: ENVIRONMENT, PORT, ROUTE_PATH, SERVICE_NAME and SERVICE_VERSION are set for you, as are those of the service's database, cache, buckets and needs."
  }

  validation {
    condition     = alltrue([for share in [var.service.alarms.cpu, var.service.alarms.memory, var.service.alarms.errors] : share > 0 && share <= 100]) && var.service.alarms.latency > 0
    error_message = "service.alarms: cpu, memory and errors are more than 0 and at most 100 percent, latency more than 0 seconds."
  }

  validation {
    condition     = alltrue([for name in keys(var.service.buckets) : can(regex("^[a-z](-?[a-z0-9])*$", name)) && length(name) <= 20])
    error_message = "service.buckets: names of 1 to 20 lower-case letters, digits and single hyphens, beginning with a letter."
  }

  validation {
    condition     = alltrue([for name in concat(var.service.secrets, keys(var.service.parameters)) : can(regex("^[A-Z][A-Z0-9_]{0,63}$", name))])
    error_message = "service.secrets, service.parameters: names of 1 to 64 capitals, digits and underscores, beginning with a letter."
  }

  validation {
    condition     = alltrue([for parameter in values(var.service.parameters) : can(regex("^(/[A-Za-z0-9._-]+)+$", parameter))])
    error_message = "service.parameters: full names of parameters, such as /shop/staging/flags."
  }

  # The container would get one of them, and nobody could tell which.
  validation {
    condition     = length(setunion(keys(var.service.env), var.service.secrets, keys(var.service.parameters))) == length(var.service.env) + length(var.service.secrets) + length(var.service.parameters)
    error_message = "service.env, service.secrets, service.parameters: a variable is set twice."
  }

  validation {
    condition     = contains(["web", "job"], var.service.kind) && (var.service.kind == "web" || length(var.service.jobs) > 0)
    error_message = "service.kind: web, or job with at least one of service.jobs."
  }

  validation {
    condition     = alltrue([for name, job in var.service.jobs : can(regex("^[a-z](-?[a-z0-9])*$", name)) && length(name) <= 20 && length(job.command) > 0])
    error_message = "service.jobs: names of 1 to 20 lower-case letters, digits and single hyphens, beginning with a letter; each with a command."
  }

  validation {
    condition     = alltrue([for job in values(var.service.jobs) : can(regex("^((rate|cron|at)[(][^()]+[)])?$", job.schedule))])
    error_message = "service.jobs: a schedule is empty, or rate(…), cron(…) or at(…)."
  }

  validation {
    condition     = var.service.former_port == null ? true : var.service.former_port >= 1024 && var.service.former_port <= 65535
    error_message = "service.former_port: 1024 to 65535."
  }
}
