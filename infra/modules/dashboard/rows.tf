locals {
  blue   = "#1f77b4"
  green  = "#2ca02c"
  orange = "#ff9900"
  red    = "#d62728"
  dark   = "#7f0000"

  # --- How to ask for a metric -------------------------------------------------------------------

  # Of the load balancer as a whole. Merge what is special about a line into the last element.
  balancer = { for metric in [
    "HTTPCode_ELB_5XX_Count", "HTTPCode_Target_2XX_Count", "HTTPCode_Target_3XX_Count", "HTTPCode_Target_4XX_Count",
    "HTTPCode_Target_5XX_Count", "RequestCount", "TargetResponseTime",
  ] : metric => ["AWS/ApplicationELB", metric, "LoadBalancer", var.load_balancer] }

  # Of each service: found by search, so that nobody has to list them.
  search = { for metric, where in {
    CPUUtilization            = { of = "AWS/ECS,ClusterName,ServiceName", in = "ClusterName=\"${var.cluster_name}\"", stat = "Average" }
    MemoryUtilization         = { of = "AWS/ECS,ClusterName,ServiceName", in = "ClusterName=\"${var.cluster_name}\"", stat = "Average" }
    DesiredTaskCount          = { of = "ECS/ContainerInsights,ClusterName,ServiceName", in = "ClusterName=\"${var.cluster_name}\"", stat = "Average" }
    RunningTaskCount          = { of = "ECS/ContainerInsights,ClusterName,ServiceName", in = "ClusterName=\"${var.cluster_name}\"", stat = "Average" }
    HTTPCode_Target_5XX_Count = { of = "AWS/ApplicationELB,LoadBalancer,TargetGroup", in = "LoadBalancer=\"${var.load_balancer}\"", stat = "Sum" }
    RequestCount              = { of = "AWS/ApplicationELB,LoadBalancer,TargetGroup", in = "LoadBalancer=\"${var.load_balancer}\"", stat = "Sum" }
    TargetResponseTime        = { of = "AWS/ApplicationELB,LoadBalancer,TargetGroup", in = "LoadBalancer=\"${var.load_balancer}\"", stat = "p95" }
    UnHealthyHostCount        = { of = "AWS/ApplicationELB,LoadBalancer,TargetGroup", in = "LoadBalancer=\"${var.load_balancer}\"", stat = "Maximum" }
  } : metric => "SEARCH('{${where.of}} ${where.in} MetricName=\"${metric}\"', '${where.stat}', 60)" }

  service = "$${PROP('Dim.ServiceName')}" # CloudWatch fills these in
  group   = "$${PROP('Dim.TargetGroup')}"

  # --- Numbers at the top ------------------------------------------------------------------------

  number_widgets = [
    {
      title   = "Requests in 5 minutes", stat = "Sum"
      metrics = [concat(local.balancer.RequestCount, [{ label = "requests", color = local.blue }])]
    },
    {
      title = "Answered 5xx", stat = "Sum"
      metrics = [
        [{ id = "share", expression = "IF(requests > 0, 100 * (FILL(target, 0) + FILL(balancer, 0)) / requests, 0)", label = "% of requests", color = local.red }],
        concat(local.balancer.RequestCount, [{ id = "requests", visible = false }]),
        concat(local.balancer.HTTPCode_Target_5XX_Count, [{ id = "target", visible = false }]),
        concat(local.balancer.HTTPCode_ELB_5XX_Count, [{ id = "balancer", visible = false }]),
      ]
    },
    {
      title   = "p95", stat = "p95"
      metrics = [concat(local.balancer.TargetResponseTime, [{ label = "seconds", color = local.orange }])]
    },
    {
      title   = "Tasks running", stat = "Average"
      metrics = [[{ id = "running", expression = "SUM(${local.search.RunningTaskCount})", label = "tasks", color = local.green }]]
    },
  ]

  # --- Graphs ------------------------------------------------------------------------------------

  clients = {
    title = "What clients see"
    graphs = [
      {
        title = "Requests a minute, by answer", stacked = true
        metrics = [
          concat(local.balancer.HTTPCode_Target_2XX_Count, [{ label = "2xx", color = local.green }]),
          concat(local.balancer.HTTPCode_Target_3XX_Count, [{ label = "3xx", color = local.blue }]),
          concat(local.balancer.HTTPCode_Target_4XX_Count, [{ label = "4xx", color = local.orange }]),
          concat(local.balancer.HTTPCode_Target_5XX_Count, [{ label = "5xx of a task", color = local.red }]),
          concat(local.balancer.HTTPCode_ELB_5XX_Count, [{ label = "5xx, no task", color = local.dark }]),
        ]
      },
      {
        title = "Time to answer, seconds"
        metrics = [for percentile, color in { p50 = local.green, p95 = local.orange, p99 = local.red } :
          concat(local.balancer.TargetResponseTime, [{ stat = percentile, label = percentile, color = color }])
        ]
      },
    ]
  }

  services = {
    title = "By service"
    graphs = [
      { title = "Requests a minute", metrics = [[{ expression = local.search.RequestCount, label = local.group }]] },
      { title = "5xx a minute", metrics = [[{ expression = local.search.HTTPCode_Target_5XX_Count, label = local.group }]] },
      { title = "p95, seconds", metrics = [[{ expression = local.search.TargetResponseTime, label = local.group }]] },
    ]
  }

  tasks = {
    title = "Tasks"
    graphs = [
      { title = "CPU, %", line = 80, metrics = [[{ expression = local.search.CPUUtilization, label = local.service }]] },
      { title = "Memory, %", line = 90, metrics = [[{ expression = local.search.MemoryUtilization, label = local.service }]] },
      {
        title = "Wanted and running"
        metrics = [
          [{ expression = local.search.DesiredTaskCount, label = "${local.service} wanted" }],
          [{ expression = local.search.RunningTaskCount, label = "${local.service} running" }],
        ]
      },
      { title = "Failing their checks", metrics = [[{ expression = local.search.UnHealthyHostCount, label = local.group }]] },
    ]
  }

  databases = [for identifier in var.database[*].identifier : {
    title = "Database"
    graphs = [
      { title = "CPU, %", line = 80, stat = "Average", metrics = [["AWS/RDS", "CPUUtilization", "DBInstanceIdentifier", identifier]] },
      { title = "Connections", stat = "Maximum", metrics = [["AWS/RDS", "DatabaseConnections", "DBInstanceIdentifier", identifier]] },
      { title = "Free storage, bytes", stat = "Minimum", metrics = [["AWS/RDS", "FreeStorageSpace", "DBInstanceIdentifier", identifier]] },
      {
        title = "Seconds per read and write", stat = "Average"
        metrics = [
          ["AWS/RDS", "ReadLatency", "DBInstanceIdentifier", identifier, { label = "read" }],
          ["AWS/RDS", "WriteLatency", "DBInstanceIdentifier", identifier, { label = "write" }],
        ]
      },
    ]
  }]

  caches = [for nodes in var.cache[*].cluster_ids : {
    title = "Cache"
    graphs = [
      { title = "CPU of the engine, %", line = 80, stat = "Average", metrics = [for node in nodes : ["AWS/ElastiCache", "EngineCPUUtilization", "CacheClusterId", node]] },
      { title = "Memory, %", line = 80, stat = "Average", metrics = [for node in nodes : ["AWS/ElastiCache", "DatabaseMemoryUsagePercentage", "CacheClusterId", node]] },
      { title = "Connections", stat = "Maximum", metrics = [for node in nodes : ["AWS/ElastiCache", "CurrConnections", "CacheClusterId", node]] },
      { title = "Keys thrown out", metrics = [for node in nodes : ["AWS/ElastiCache", "Evictions", "CacheClusterId", node]] },
    ]
  }]

  gateways = [for ids in [var.nat_gateway_ids] : {
    title = "Ways out"
    graphs = [
      { title = "Through NAT, bytes sent", stacked = true, metrics = [for id in ids : ["AWS/NATGateway", "BytesOutToDestination", "NatGatewayId", id]] },
      { title = "Through NAT, bytes received", stacked = true, metrics = [for id in ids : ["AWS/NATGateway", "BytesInFromDestination", "NatGatewayId", id]] },
      { title = "Connections refused for want of ports", metrics = [for id in ids : ["AWS/NATGateway", "ErrorPortAllocation", "NatGatewayId", id]] },
    ]
  } if length(ids) > 0]

  rows = concat([local.clients, local.services, local.tasks], local.databases, local.caches, local.gateways)
}
