# What `apply` may make, change and delete. It is the strongest role: only what runs under the
# environment's approval rules may take it.

locals {
  # Load balancers and target groups have at most 32 characters; longer names are cut after 24.
  short = substr(var.name, 0, 23)

  # ElastiCache has 40.
  short40 = substr(var.name, 0, 31)

  # Copies of buckets have a key in the region where they are.
  regions = compact([var.region, var.replica_region])

  mine = { StringEquals = {
    "aws:ResourceTag/environment" = var.environment
    "aws:RequestedRegion"         = local.regions
  } }

  network = [
    {
      # EC2 makes up the ids, and few of these actions can be held to tags; the region holds them all.
      Sid    = "Network"
      Effect = "Allow"
      Action = [
        "ec2:AllocateAddress", "ec2:Associate*", "ec2:AttachInternetGateway", "ec2:AuthorizeSecurityGroup*",
        "ec2:CreateFlowLogs", "ec2:CreateInternetGateway", "ec2:CreateNatGateway", "ec2:CreateNetworkAcl*",
        "ec2:CreateRoute", "ec2:CreateRouteTable", "ec2:CreateSecurityGroup", "ec2:CreateSubnet", "ec2:CreateTags",
        "ec2:CreateVpc", "ec2:CreateVpcEndpoint", "ec2:DeleteFlowLogs", "ec2:DeleteInternetGateway",
        "ec2:DeleteNatGateway", "ec2:DeleteNetworkAcl*", "ec2:DeleteRoute", "ec2:DeleteRouteTable",
        "ec2:DeleteSecurityGroup", "ec2:DeleteSubnet", "ec2:DeleteTags", "ec2:DeleteVpc", "ec2:DeleteVpcEndpoints",
        "ec2:DetachInternetGateway", "ec2:Disassociate*", "ec2:ModifySecurityGroupRules", "ec2:ModifySubnetAttribute",
        "ec2:ModifyVpcAttribute", "ec2:ModifyVpcEndpoint", "ec2:ReleaseAddress", "ec2:ReplaceNetworkAcl*",
        "ec2:ReplaceRoute", "ec2:ReplaceRouteTableAssociation", "ec2:RevokeSecurityGroup*",
        "ec2:UpdateSecurityGroupRuleDescriptions*",
      ]
      Resource  = "*"
      Condition = { StringEquals = { "aws:RequestedRegion" = var.region } }
    },
    {
      Sid      = "LoadBalancer"
      Effect   = "Allow"
      Action   = "elasticloadbalancing:*"
      Resource = [for kind in ["listener-rule/app", "listener/app", "loadbalancer/app", "targetgroup"] : "${local.arn}:elasticloadbalancing:${local.here}:${kind}/${local.short}*"]
    },
    {
      Sid       = "Gateway"
      Effect    = "Allow"
      Action    = ["apigateway:DELETE", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT"]
      Resource  = [for path in ["apis", "apis/*", "tags/*", "vpclinks", "vpclinks/*"] : "${local.arn}:apigateway:${var.region}::/${path}"]
      Condition = { StringEquals = { "aws:RequestedRegion" = var.region } }
    },
    {
      Sid    = "Firewall"
      Effect = "Allow"
      Action = "wafv2:*"
      Resource = [
        "${local.arn}:elasticloadbalancing:${local.here}:loadbalancer/app/${local.short}*",
        "${local.arn}:wafv2:${local.here}:regional/managedruleset/*",
        "${local.arn}:wafv2:${local.here}:regional/webacl/${var.name}/*",
      ]
    },
  ]

  names = [
    {
      # Cloud Map makes up the ids; the region holds the actions, as it does those of EC2.
      Sid    = "Names"
      Effect = "Allow"
      Action = [
        "servicediscovery:CreatePrivateDnsNamespace", "servicediscovery:CreateService", "servicediscovery:DeleteNamespace",
        "servicediscovery:DeleteService", "servicediscovery:DeregisterInstance", "servicediscovery:TagResource",
        "servicediscovery:UntagResource", "servicediscovery:UpdatePrivateDnsNamespace", "servicediscovery:UpdateService",
      ]
      Resource  = "*"
      Condition = { StringEquals = { "aws:RequestedRegion" = var.region } }
    },
    {
      # Cloud Map makes the namespace's zone with the rights of whoever asks it. A zone that holds
      # records is not deleted, and records of other names are out of reach.
      Sid      = "Zone"
      Effect   = "Allow"
      Action   = ["route53:CreateHostedZone", "route53:DeleteHostedZone", "route53:GetHostedZone", "route53:ListHostedZonesByName"]
      Resource = "*"
    },
    {
      Sid       = "Records"
      Effect    = "Allow"
      Action    = "route53:ChangeResourceRecordSets"
      Resource  = "${local.arn}:route53:::hostedzone/*"
      Condition = { "ForAllValues:StringLike" = { "route53:ChangeResourceRecordSetsNormalizedRecordNames" = ["${var.name}.internal", "*.${var.name}.internal"] } }
    },
  ]

  resources = [
    {
      Sid    = "ByName"
      Effect = "Allow"
      Action = [
        "cloudwatch:DeleteAlarms", "cloudwatch:DeleteDashboards", "cloudwatch:PutDashboard",
        "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:UntagResource",
        "codedeploy:*",
        "ecr:CreateRepository", "ecr:DeleteLifecyclePolicy", "ecr:DeleteRepository", "ecr:PutImageScanningConfiguration",
        "ecr:PutImageTagMutability", "ecr:PutLifecyclePolicy", "ecr:TagResource", "ecr:UntagResource",
        "ecs:*",
        "elasticache:*",
        "events:DeleteRule", "events:PutRule", "events:PutTargets", "events:RemoveTargets", "events:TagResource",
        "events:UntagResource",
        "lambda:InvokeFunction",
        "logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:DeleteRetentionPolicy",
        "logs:DisassociateKmsKey", "logs:PutRetentionPolicy", "logs:TagResource", "logs:UntagResource",
        "rds:AddTagsToResource", "rds:Create*", "rds:Delete*", "rds:Modify*", "rds:RebootDBInstance",
        "rds:RemoveTagsFromResource", "rds:ResetDBParameterGroup", "rds:RestoreDBInstance*",
        "s3:CreateBucket", "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:DeleteObject*", "s3:ListBucketVersions",
        "s3:PutBucket*", "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration", "s3:PutReplicationConfiguration",
        "secretsmanager:CancelRotateSecret", "secretsmanager:CreateSecret", "secretsmanager:DeleteSecret", "secretsmanager:PutSecretValue",
        "secretsmanager:RestoreSecret", "secretsmanager:RotateSecret", "secretsmanager:TagResource",
        "secretsmanager:UntagResource", "secretsmanager:UpdateSecret", "secretsmanager:UpdateSecretVersionStage",
        "scheduler:*",
        "sns:*",
        "ssm:AddTagsToResource", "ssm:DeleteParameter", "ssm:PutParameter", "ssm:RemoveTagsFromResource",
      ]
      Resource = concat(
        [for name in [
          "cloudwatch:${local.here}:alarm:${var.name}-*",
          "codedeploy:${local.here}:application:${var.name}-*",
          "codedeploy:${local.here}:deploymentconfig:${var.name}-*",
          "codedeploy:${local.here}:deploymentgroup:${var.name}-*",
          "ecr:${local.here}:repository/${var.registry}/*",
          "ecs:${local.here}:*/${var.name}",
          "ecs:${local.here}:*/${var.name}-*",
          "ecs:${local.here}:*/${var.name}/*",
          "elasticache:${local.here}:*:${local.short40}*",
          "events:${local.here}:rule/${var.name}-*",
          "lambda:${local.here}:function:${var.name}-rotation",
          "logs:${local.here}:log-group:*${var.name}*",
          "rds:${local.here}:*:${var.name}*",
          "rds:${local.here}:og:default:postgres-*",
          "scheduler:${local.here}:schedule-group/${var.name}-*",
          "scheduler:${local.here}:schedule/${var.name}-*",
          "secretsmanager:${local.here}:secret:${var.name}/*",
          "secretsmanager:${local.here}:secret:rds!db-*",
          "sns:${local.here}:${var.name}-*",
          "ssm:${local.here}:parameter/${var.name}/*",
        ] : "${local.arn}:${name}"],
        ["${local.arn}:cloudwatch::${var.account_id}:dashboard/${var.name}", "${local.arn}:s3:::${var.name}-*"],
      )
    },
    {
      # AWS decides on these without looking at a resource.
      Sid    = "WithoutNames"
      Effect = "Allow"
      Action = [
        "application-autoscaling:*ScalableTarget", "application-autoscaling:*ScalingPolicy",
        "application-autoscaling:TagResource", "application-autoscaling:UntagResource", "ecs:DeregisterTaskDefinition",
        "elasticloadbalancing:SetWebACL", "kms:CreateKey", "logs:*LogDeliver*", "logs:PutResourcePolicy",
        "sns:SetSubscriptionAttributes", "sns:Unsubscribe",
      ]
      Resource  = "*"
      Condition = { StringEquals = { "aws:RequestedRegion" = local.regions } }
    },
    {
      Sid      = "Alias"
      Effect   = "Allow"
      Action   = ["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"]
      Resource = "${local.arn}:kms:${local.here}:alias/${var.name}"
    },
    {
      Sid    = "Key"
      Effect = "Allow"
      Action = [
        "kms:CreateAlias", "kms:CreateGrant", "kms:DeleteAlias", "kms:EnableKeyRotation", "kms:GenerateDataKey",
        "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias",
        "kms:UpdateKeyDescription",
      ]
      Resource  = [for region in local.regions : "${local.arn}:kms:${region}:${var.account_id}:key/*"]
      Condition = local.mine
    },
  ]

  # --- Roles: of this environment, but not GitHub's own. Those are changed by a person ---

  access = [
    {
      Sid    = "Roles"
      Effect = "Allow"
      Action = [
        "iam:CreatePolicy*", "iam:CreateRole", "iam:DeletePolicy*", "iam:DeleteRole", "iam:DeleteRolePolicy",
        "iam:DetachRolePolicy", "iam:ListInstanceProfilesForRole", "iam:PutRolePolicy", "iam:TagPolicy", "iam:TagRole",
        "iam:UntagPolicy", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole*",
      ]
      Resource = ["${local.arn}:iam::${var.account_id}:policy/${var.name}-*", "${local.arn}:iam::${var.account_id}:role/${var.name}-*"]
    },
    {
      Sid      = "Attach"
      Effect   = "Allow"
      Action   = "iam:AttachRolePolicy"
      Resource = "${local.arn}:iam::${var.account_id}:role/${var.name}-*"
      Condition = { ArnLike = { "iam:PolicyARN" = [
        "${local.arn}:iam::${var.account_id}:policy/${var.name}-*",
        "${local.arn}:iam::aws:policy/AWSCodeDeployRoleForECS*",
        "${local.arn}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
      ] } }
    },
    {
      Sid      = "Pass"
      Effect   = "Allow"
      Action   = "iam:PassRole"
      Resource = "${local.arn}:iam::${var.account_id}:role/${var.name}-*"
      Condition = { StringEquals = { "iam:PassedToService" = [
        "codedeploy.amazonaws.com", "ecs-tasks.amazonaws.com", "lambda.amazonaws.com", "monitoring.rds.amazonaws.com",
        "s3.amazonaws.com", "scheduler.amazonaws.com", "vpc-flow-logs.amazonaws.com",
      ] } }
    },
    {
      Sid      = "ServiceLinked"
      Effect   = "Allow"
      Action   = "iam:CreateServiceLinkedRole"
      Resource = "${local.arn}:iam::${var.account_id}:role/aws-service-role/*"
      Condition = { StringLike = { "iam:AWSServiceName" = [
        "ecs.amazonaws.com", "ecs.application-autoscaling.amazonaws.com", "elasticache.amazonaws.com",
        "elasticloadbalancing.amazonaws.com", "ops.apigateway.amazonaws.com", "rds.amazonaws.com", "wafv2.amazonaws.com",
      ] } }
    },
    {
      Sid    = "NotItself"
      Effect = "Deny"
      Action = [
        "iam:AttachRolePolicy", "iam:CreatePolicy*", "iam:CreateRole", "iam:Delete*", "iam:DetachRolePolicy",
        "iam:PutRolePolicy", "iam:SetDefaultPolicyVersion", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole*",
      ]
      Resource = ["${local.arn}:iam::${var.account_id}:policy/${var.name}-github-*", "${local.arn}:iam::${var.account_id}:role/${var.name}-github-*"]
    },
  ]
}
