{
  desiredCount: std.parseInt(std.native('env')('COUNT', '2')),
  launchType: 'FARGATE',
  deploymentConfiguration: { minimumHealthyPercent: 100, maximumPercent: 100 },
}
