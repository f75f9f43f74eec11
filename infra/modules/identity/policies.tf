# Looking, building and rolling out. Each policy names what it may touch: everything of an
# environment begins with its prefix.

locals {
  here = "${var.region}:${var.account_id}"
  arn  = "arn:${var.partition}"

  policies = {
    read        = local.read
    push        = local.push
    source      = local.source
    rollout     = local.rollout
    state-read  = local.state_read
    state-write = local.state_write
    records     = local.records
    network     = local.network
    names       = local.names
    resources   = local.resources
    access      = local.access
  }

  # --- Looking: what a plan compares. No object of a service ---

  read = [
    {
      Sid    = "Look"
      Effect = "Allow"
      Action = [
        "acm:DescribeCertificate", "acm:ListTagsForCertificate",
        "apigateway:GET",
        "application-autoscaling:Describe*", "application-autoscaling:ListTagsForResource",
        "cloudformation:DescribeStacks", "cloudformation:GetTemplate",
        "cloudwatch:Describe*", "cloudwatch:GetDashboard", "cloudwatch:ListTagsForResource",
        "codedeploy:BatchGet*", "codedeploy:Get*", "codedeploy:List*",
        "ec2:Describe*",
        "ecr:Describe*", "ecr:GetLifecyclePolicy", "ecr:GetRepositoryPolicy", "ecr:ListTagsForResource",
        "ecs:Describe*", "ecs:List*",
        "elasticache:Describe*", "elasticache:ListTagsForResource",
        "elasticloadbalancing:Describe*",
        "events:Describe*", "events:List*",
        "kms:Describe*", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:List*",
        "logs:Describe*", "logs:ListTagsForResource",
        "rds:Describe*", "rds:ListTagsForResource",
        "scheduler:Get*", "scheduler:List*",
        "serverlessrepo:GetApplication",
        "servicediscovery:Get*", "servicediscovery:List*",
        "sns:Get*", "sns:List*",
        "ssm:DescribeParameters",
        "wafv2:Get*", "wafv2:List*",
      ]
      Resource = "*"
    },
    {
      Sid    = "LookByName"
      Effect = "Allow"
      Action = [
        "iam:GetOpenIDConnectProvider", "iam:GetPolicy", "iam:GetPolicyVersion", "iam:GetRole", "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies", "iam:ListPolicyVersions", "iam:ListRolePolicies",
        "s3:GetBucket*", "s3:GetAccelerateConfiguration", "s3:GetEncryptionConfiguration",
        "s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration", "s3:ListBucket",
        "secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy",
        "ssm:GetParameter", "ssm:GetParameters", "ssm:ListTagsForResource",
      ]
      Resource = [
        "${local.arn}:iam::${var.account_id}:oidc-provider/${local.issuer}",
        "${local.arn}:iam::${var.account_id}:policy/${var.name}-*",
        "${local.arn}:iam::${var.account_id}:role/${var.name}-*",
        "${local.arn}:s3:::${var.name}-*",
        "${local.arn}:secretsmanager:${local.here}:secret:${var.name}/*",
        "${local.arn}:ssm:${local.here}:parameter/${var.name}/*",
      ]
    },
    {
      # Terraform reads the placeholder of each secret again, by its version. Whoever asks for the
      # current value, as tools and people do, is refused.
      Sid       = "Placeholders"
      Effect    = "Allow"
      Action    = "secretsmanager:GetSecretValue"
      Resource  = "${local.arn}:secretsmanager:${local.here}:secret:${var.name}/*"
      Condition = { Null = { "secretsmanager:VersionId" = "false" } }
    },
    {
      Sid       = "Decrypt"
      Effect    = "Allow"
      Action    = "kms:Decrypt"
      Resource  = "${local.arn}:kms:${local.here}:key/*"
      Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${var.region}.amazonaws.com", "aws:ResourceTag/environment" = var.environment } }
    },
  ]

  # --- Building ---

  push = [
    {
      Sid      = "Login"
      Effect   = "Allow"
      Action   = "ecr:GetAuthorizationToken"
      Resource = "*"
    },
    {
      Sid    = "Push"
      Effect = "Allow"
      Action = [
        "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:DescribeImages",
        "ecr:DescribeRepositories", "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:ListImages",
        "ecr:PutImage", "ecr:UploadLayerPart",
      ]
      Resource = "${local.arn}:ecr:${local.here}:repository/${var.registry}/*"
    },
  ]

  # --- Promoting to elsewhere: what was released here and what serves, and its image ---

  source = [
    { Sid = "List", Effect = "Allow", Action = ["s3:GetBucketLocation", "s3:ListBucket"], Resource = local.state },
    { Sid = "Releases", Effect = "Allow", Action = "s3:GetObject", Resource = "${local.state}/releases/${var.environment}/*" },
    { Sid = "Table", Effect = "Allow", Action = "dynamodb:DescribeTable", Resource = local.locks.Resource },
    merge(local.locks, { Sid = "Lease", Action = ["dynamodb:GetItem"] }),
    {
      Sid      = "Serves"
      Effect   = "Allow"
      Action   = ["ecs:DescribeServices", "ecs:DescribeTaskDefinition"]
      Resource = "*"
    },
    {
      Sid      = "Pull"
      Effect   = "Allow"
      Action   = ["ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer"]
      Resource = "${local.arn}:ecr:${local.here}:repository/${var.registry}/*"
    },
  ]

  # --- Rolling out ---

  rollout = [
    {
      Sid    = "Watch"
      Effect = "Allow"
      Action = [
        "application-autoscaling:Describe*", "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData",
        "codedeploy:GetDeploymentConfig", "ecs:DeregisterTaskDefinition", "ecs:Describe*", "ecs:List*",
        "ecs:RegisterTaskDefinition", "elasticloadbalancing:Describe*",
      ]
      # ECS asks for no resource when a revision is registered; what it may run as is held below.
      Resource = "*"
    },
    {
      Sid    = "Read"
      Effect = "Allow"
      Action = [
        "logs:FilterLogEvents", "logs:GetLogEvents", "secretsmanager:DescribeSecret", "ssm:GetParameter",
      ]
      Resource = [
        "${local.arn}:logs:${local.here}:log-group:/ecs/${var.name}-*",
        "${local.arn}:secretsmanager:${local.here}:secret:${var.name}/*",
        "${local.arn}:ssm:${local.here}:parameter/${var.name}/*",
      ]
    },
    {
      Sid    = "Tasks"
      Effect = "Allow"
      Action = [
        "ecs:ExecuteCommand", "ecs:RunTask", "ecs:StopTask", "ecs:TagResource", "ecs:UpdateService",
      ]
      Resource = [
        "${local.arn}:ecs:${local.here}:cluster/${var.name}",
        "${local.arn}:ecs:${local.here}:service/${var.name}/*",
        "${local.arn}:ecs:${local.here}:task/${var.name}/*",
        "${local.arn}:ecs:${local.here}:task-definition/${var.name}-*",
      ]
    },
    {
      Sid      = "Count"
      Effect   = "Allow"
      Action   = "application-autoscaling:RegisterScalableTarget"
      Resource = "${local.arn}:application-autoscaling:${local.here}:scalable-target/*"
    },
    {
      Sid    = "Shift"
      Effect = "Allow"
      Action = [
        "codedeploy:BatchGet*", "codedeploy:ContinueDeployment", "codedeploy:CreateDeployment", "codedeploy:Get*",
        "codedeploy:List*", "codedeploy:RegisterApplicationRevision", "codedeploy:StopDeployment",
      ]
      Resource = [
        "${local.arn}:codedeploy:${local.here}:application:${var.name}-*",
        "${local.arn}:codedeploy:${local.here}:deploymentgroup:${var.name}-*",
      ]
    },
    {
      Sid      = "Tell"
      Effect   = "Allow"
      Action   = "sns:Publish"
      Resource = "${local.arn}:sns:*:${var.account_id}:${var.name}-*"
    },
    {
      # Which revision the jobs run by.
      Sid    = "Jobs"
      Effect = "Allow"
      Action = ["scheduler:GetSchedule", "scheduler:UpdateSchedule", "ssm:PutParameter"]
      Resource = [
        "${local.arn}:scheduler:${local.here}:schedule/${var.name}-*",
        "${local.arn}:ssm:${local.here}:parameter/${var.name}/jobs/*",
      ]
    },
    {
      # The tasks' own roles to tasks, a schedule's to Scheduler, and none to anything else.
      Sid       = "PassToTasks"
      Effect    = "Allow"
      Action    = "iam:PassRole"
      Resource  = "${local.arn}:iam::${var.account_id}:role/${var.name}-*"
      Condition = { StringEquals = { "iam:PassedToService" = ["ecs-tasks.amazonaws.com", "scheduler.amazonaws.com"] } }
    },
  ]

  # --- State, locks, leases and the record of releases, of this environment ---

  state       = "${local.arn}:s3:::${var.state_bucket}"
  state_keys  = concat(["${var.environment}/*"], [for name in compact([var.registry_environment]) : "${name}/registry.*"])
  state_files = flatten([for key in local.state_keys : ["${local.state}/env:/${key}", "${local.state}/applied/${key}"]])

  locks = {
    Sid       = "Lock"
    Effect    = "Allow"
    Action    = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    Resource  = "${local.arn}:dynamodb:${local.here}:table/${var.lock_table}"
    Condition = { "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = concat([for key in local.state_keys : "${var.state_bucket}/env:/${key}"], ["lease/${var.environment}/*"]) } }
  }

  # Before anything else, every command looks whether there is a place for the state.
  table = { Sid = "Table", Effect = "Allow", Action = ["dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable"], Resource = local.locks.Resource }

  # Who only looks locks nothing, but Terraform asks the table for the digest of the state.
  state_read = [
    { Sid = "List", Effect = "Allow", Action = ["s3:Get*Configuration", "s3:GetBucket*", "s3:ListBucket"], Resource = local.state },
    { Sid = "Read", Effect = "Allow", Action = "s3:GetObject", Resource = concat(local.state_files, ["${local.state}/releases/${var.environment}/*"]) },
    local.table,
    merge(local.locks, { Sid = "Digest", Action = ["dynamodb:GetItem"] }),
  ]

  state_write = [
    { Sid = "List", Effect = "Allow", Action = ["s3:Get*Configuration", "s3:GetBucket*", "s3:ListBucket"], Resource = local.state },
    { Sid = "Write", Effect = "Allow", Action = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], Resource = local.state_files },
    local.table,
    local.locks,
  ]

  records = [
    { Sid = "List", Effect = "Allow", Action = ["s3:GetBucketLocation", "s3:ListBucket"], Resource = local.state },
    { Sid = "Read", Effect = "Allow", Action = "s3:GetObject", Resource = concat(local.state_files, ["${local.state}/releases/*"]) },
    { Sid = "Record", Effect = "Allow", Action = ["s3:DeleteObject", "s3:PutObject"], Resource = "${local.state}/releases/${var.environment}/*" },
    local.table,
    local.locks,
  ]
}
