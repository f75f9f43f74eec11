variable "alarm_arns" {
  type        = list(string)
  description = "Alarms whose states are shown at the top."
  default     = []
}

variable "cache" {
  type        = object({ cluster_ids = list(string) })
  description = "Nodes of the cache. Null: there is none."
  default     = null
}

variable "cluster_name" {
  type        = string
  description = "Cluster of the services."
}

variable "database" {
  type        = object({ identifier = string })
  description = "The database. Null: there is none."
  default     = null
}

variable "environment" {
  type        = string
  description = "Environment, for the heading."
}

variable "load_balancer" {
  type        = string
  description = "Load balancer as CloudWatch calls it (app/name/id)."
}

variable "name" {
  type        = string
  description = "Name of the dashboard."
}

variable "nat_gateway_ids" {
  type        = list(string)
  description = "NAT gateways: their traffic is the part of the bill that surprises people."
  default     = []
}

variable "region" {
  type        = string
  description = "Region of the metrics."
}

variable "url" {
  type        = string
  description = "Where the environment answers."
}
