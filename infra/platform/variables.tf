variable "access_logs" {
  type        = bool
  description = "Whether the load balancer keeps every request in a bucket."
  default     = true
}

variable "alarm_emails" {
  type        = list(string)
  description = "Who gets a mail of alarms and deployments; each has to confirm once."
  default     = []

  validation {
    condition     = alltrue([for email in var.alarm_emails : can(regex("^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$", email))])
    error_message = "alarm_emails: addresses such as oncall@example.com."
  }
}

variable "alarms" {
  type        = bool
  description = "Whether there are alarms, of the environment and of its services, and a topic that is told."
  default     = true
}

variable "api_burst" {
  type        = number
  description = "Requests that the API gateway lets through at once above api_rate."
  default     = 1000

  validation {
    condition     = var.api_burst >= 1 && floor(var.api_burst) == var.api_burst
    error_message = "api_burst: a whole number of requests, at least 1."
  }
}

variable "api_gateway" {
  type        = bool
  description = "Whether an API gateway with a limit on requests stands before the load balancer, which is internal then. Changing it makes another load balancer."
  default     = false

  validation {
    condition     = !var.api_gateway || var.certificate_arn == "" || var.domain_name != ""
    error_message = "api_gateway: with certificate_arn the gateway needs domain_name, to check the load balancer's certificate by."
  }
}

variable "api_rate" {
  type        = number
  description = "Requests per second that the API gateway lets through."
  default     = 500

  validation {
    condition     = var.api_rate >= 1
    error_message = "api_rate: at least 1 request per second."
  }
}

variable "certificate_arn" {
  type        = string
  description = "ACM certificate of the load balancer. Empty: plain HTTP only."
  default     = ""

  validation {
    condition     = var.certificate_arn == "" || can(regex("^arn:[a-z-]+:(acm|iam):", var.certificate_arn))
    error_message = "certificate_arn: empty or the ARN of a certificate."
  }
}

variable "cidr" {
  type        = string
  description = "Address range of the VPC, /16 to /20."
  default     = "10.1.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.cidr)) && try(cidrhost(var.cidr, 0) == split("/", var.cidr)[0], false)
    error_message = "cidr: an IPv4 range that starts at its network address, such as 10.1.0.0/16."
  }

  validation {
    condition     = try(tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 20, false)
    error_message = "cidr: /16 to /20, so that every subnet has at least 251 addresses."
  }
}

variable "dashboard" {
  type        = bool
  description = "Whether there is a CloudWatch dashboard."
  default     = true
}

variable "dns_hostnames" {
  type        = bool
  description = "Whether the VPC gives DNS host names. Names of services and of interface endpoints need it."
  default     = true
}

variable "domain_name" {
  type        = string
  description = "Host name that clients use, one of the certificate's; your DNS points it to the load balancer. Empty: the load balancer's own."
  default     = ""

  validation {
    condition     = var.domain_name == "" || can(regex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)+$", var.domain_name))
    error_message = "domain_name: empty or a host name such as api.example.com."
  }
}

variable "encryption_key" {
  type        = bool
  description = "Whether the environment has a KMS key of its own; else AWS's own keys encrypt."
  default     = true

  validation {
    condition     = var.encryption_key || !var.protected
    error_message = "encryption_key: a protected environment has a key of its own."
  }
}

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

variable "flow_logs" {
  type        = bool
  description = "Whether every connection in the VPC is logged."
  default     = true
}

variable "github_plan_subjects" {
  type        = list(string)
  description = "Who may take the role that plans, where that is not the same as github_subjects."
  default     = []

  validation {
    condition     = alltrue([for subject in var.github_plan_subjects : can(regex("^repo:[^*?:]+/[^*?:]+:environment:[^*?:]+$", subject))])
    error_message = "github_plan_subjects: repo:OWNER/REPOSITORY:environment:NAME each, without wildcards."
  }
}

variable "github_promote_subjects" {
  type        = list(string)
  description = "Who may take releases from here to another environment, such as repo:acme/shop:environment:prod in staging."
  default     = []

  validation {
    condition     = alltrue([for subject in var.github_promote_subjects : can(regex("^repo:[^*?:]+/[^*?:]+:environment:[^*?:]+$", subject))])
    error_message = "github_promote_subjects: repo:OWNER/REPOSITORY:environment:NAME each, without wildcards."
  }
}

variable "github_subjects" {
  type        = list(string)
  description = "The `sub` of the GitHub tokens that may take this environment's roles, such as repo:acme/shop:environment:prod. Empty: no roles."
  default     = []

  validation {
    condition     = alltrue([for subject in var.github_subjects : can(regex("^repo:[^*?:]+/[^*?:]+:environment:[^*?:]+$", subject))])
    error_message = "github_subjects: repo:OWNER/REPOSITORY:environment:NAME each, without wildcards."
  }
}

variable "interface_endpoints" {
  type        = bool
  description = "Whether tasks reach the registry, logs, secrets and parameters without the internet."
  default     = false

  validation {
    condition     = !var.interface_endpoints || var.dns_hostnames
    error_message = "interface_endpoints: their private names need dns_hostnames = true."
  }
}

variable "log_retention" {
  type        = number
  description = "Days that logs are kept: of services, connections and requests."
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention)
    error_message = "log_retention: at least a day, and a number of days that CloudWatch knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "nat" {
  type        = string
  description = "NAT gateways: none (tasks get public addresses unless there are interface endpoints), one (cheap), per_zone (survives the loss of a zone)."
  default     = "one"

  validation {
    condition     = contains(["none", "one", "per_zone"], var.nat)
    error_message = "nat: none, one or per_zone."
  }
}

variable "network_acls" {
  type        = bool
  description = "Whether network ACLs stand behind the security groups."
  default     = true
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

variable "registry_environment" {
  type        = string
  description = "Environment whose registry this one uses, where that is another one (`registry` in slipway.toml): GitHub's roles reach the state of that stack."
  default     = ""

  validation {
    condition     = can(regex("^([a-z](-?[a-z0-9])*)?$", var.registry_environment))
    error_message = "registry_environment: the name of an environment."
  }
}

variable "reserved_cidrs" {
  type        = list(string)
  description = "Ranges of other networks that this one may be connected with one day: cidr must not overlap them."
  default     = []

  validation {
    condition     = alltrue([for range in var.reserved_cidrs : can(cidrnetmask(range))])
    error_message = "reserved_cidrs: IPv4 ranges such as 10.2.0.0/16."
  }

  # Two ranges overlap where they are the same network at the shorter of the two prefixes.
  validation {
    condition = alltrue([for range in var.reserved_cidrs : try(
      cidrhost("${split("/", range)[0]}/${min(split("/", range)[1], split("/", var.cidr)[1])}", 0) !=
      cidrhost("${split("/", var.cidr)[0]}/${min(split("/", range)[1], split("/", var.cidr)[1])}", 0),
      true,
    )])
    error_message = "cidr, reserved_cidrs: ${var.cidr} overlaps a range that is taken."
  }
}

variable "scaling" {
  type        = bool
  description = "Whether services scale by themselves between their scale.min and scale.max."
  default     = true
}

variable "test_cidrs" {
  type        = list(string)
  description = "Who may use the test listener of blue/green deployments besides the VPC. Where it names somebody, `invoke deploy` tries new tasks there before they get traffic: whoever deploys has to be among them."
  default     = []

  validation {
    condition     = alltrue([for range in var.test_cidrs : try(tonumber(split("/", range)[1]) >= 8 && can(cidrnetmask(range)), false)])
    error_message = "test_cidrs: IPv4 ranges of /8 or smaller, such as 198.51.100.0/24; the test listener is never open to all."
  }
}

variable "waf" {
  type        = bool
  description = "Whether a web application firewall guards the load balancer."
  default     = false
}

variable "waf_rate" {
  type        = number
  description = "Requests from one address within 5 minutes that the firewall lets through."
  default     = 2000

  validation {
    condition     = var.waf_rate >= 100
    error_message = "waf_rate: at least 100."
  }
}

variable "zones" {
  type        = number
  description = "How many availability zones to use, 2 or 3."
  default     = 2

  validation {
    condition     = contains([2, 3], var.zones)
    error_message = "zones: 2 or 3; a load balancer needs at least two."
  }
}
