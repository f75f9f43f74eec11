# How the rows of rows.tf are laid out: 24 columns wide, a heading and its graphs, one row under the
# other. Who reads from the top learns: is anything wrong, what do clients see, what do the tasks do,
# and what do they lean on.

locals {
  top = 5 # heights of the heading and the numbers
  row = 7 # a title of 1 and graphs of 6

  heading = [{
    type = "text", x = 0, y = 0, width = 24, height = 2
    properties = { markdown = join("\n", [
      "# ${var.name}",
      "[${var.url}](${var.url}) · environment **${var.environment}** · services show up here by themselves",
    ]) }
  }]

  numbers = [for index, number in local.number_widgets : {
    type = "metric", x = index * 4, y = 2, width = 4, height = 3
    properties = {
      title  = number.title, metrics = number.metrics, stat = number.stat
      view   = "singleValue", sparkline = true, period = 300, region = var.region
      yAxis  = { left = { min = 0 } }
      legend = { position = "hidden" }
    }
  }]

  alarms = [for arns in [var.alarm_arns] : {
    type       = "alarm", x = length(local.number_widgets) * 4, y = 2, width = 24 - length(local.number_widgets) * 4, height = 3
    properties = { title = "Alarms of what services share", alarms = arns }
  } if length(arns) > 0]

  titles = [for index, row in local.rows : {
    type       = "text", x = 0, y = local.top + index * local.row, width = 24, height = 1
    properties = { markdown = "## ${row.title}", background = "transparent" }
  }]

  graphs = flatten([for index, row in local.rows : [for column, graph in row.graphs : {
    type = "metric", y = local.top + index * local.row + 1, height = 6
    x    = column * (24 / length(row.graphs)), width = 24 / length(row.graphs)
    properties = merge(
      {
        title   = graph.title, metrics = graph.metrics, region = var.region, view = "timeSeries", period = 60
        stacked = try(graph.stacked, false), stat = try(graph.stat, "Sum")
        yAxis   = { left = { min = 0, showUnits = false } }
      },
      try({ annotations = { horizontal = [{ label = "alarm", value = graph.line, color = local.red, fill = "above" }] } }, {}),
    )
  }]])
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name
  dashboard_body = jsonencode({
    start   = "-PT3H"
    widgets = concat(local.heading, local.numbers, local.alarms, local.titles, local.graphs)
  })
}
