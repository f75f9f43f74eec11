variable "access_logs" {
  type        = bool
  description = "Whether to keep every request in a bucket."
  default     = true
}

variable "account_id" {
  type        = string
  description = "Account of the load balancer; part of the name of its logs' bucket."
}

variable "certificate_arn" {
  type        = string
  description = "ACM certificate. Empty: plain HTTP only, for environments without a domain."
  default     = ""

  validation {
    condition     = var.certificate_arn == "" || can(regex("^arn:[a-z-]+:(acm|iam):", var.certificate_arn))
    error_message = "certificate_arn: empty or the ARN of a certificate."
  }
}

variable "domain_name" {
  type        = string
  description = "Host name that clients use, one of the certificate's. Empty: the load balancer's own."
  default     = ""
}

variable "internal" {
  type        = bool
  description = "Whether only the VPC reaches it: behind an API gateway. Changing it makes another load balancer."
  default     = false
}

variable "log_retention" {
  type        = number
  description = "Days that access logs are kept."
  default     = 30
}

variable "name" {
  type        = string
  description = "Full name; cut to the load balancer's 32 characters where it is longer."
}

variable "nat_addresses" {
  type        = list(string)
  description = "Public addresses of the NAT gateways: the test listener lets them in."
  default     = []
}

variable "partition" {
  type        = string
  description = "AWS partition, for ARNs."
  default     = "aws"
}

variable "protected" {
  type        = bool
  description = "Whether the load balancer refuses to be deleted."
}

variable "region" {
  type        = string
  description = "Region of the load balancer."
}

variable "subnets" {
  type        = list(string)
  description = "Subnets of two zones or more: public ones, or private ones where it is internal."

  validation {
    condition     = length(var.subnets) >= 2
    error_message = "subnets: a load balancer needs subnets in at least two zones."
  }
}

variable "test_cidrs" {
  type        = list(string)
  description = "Who may use the test listener besides the VPC."
  default     = []

  validation {
    condition     = alltrue([for range in var.test_cidrs : try(tonumber(split("/", range)[1]) >= 8 && can(cidrnetmask(range)), false)])
    error_message = "test_cidrs: IPv4 ranges of /8 or smaller, such as 198.51.100.0/24; the test listener is never open to all."
  }
}

variable "test_listener" {
  type        = bool
  description = "Whether there is a listener for blue/green deployments' new tasks: port 8443, or 8080 without a certificate."
  default     = true
}

variable "vpc_cidr" {
  type        = string
  description = "Where the targets are: the only range that the load balancer may connect to."
}

variable "vpc_id" {
  type        = string
  description = "VPC of the load balancer."
}
