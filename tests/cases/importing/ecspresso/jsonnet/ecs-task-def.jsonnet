local base = import 'base.libsonnet';
local must_env = std.native('must_env');
local tfstate = std.native('tfstate');
{
  family: 'mailer',
  cpu: '1 vCPU',
  memory: '3 GB',
  networkMode: 'awsvpc',
  containerDefinitions: [{
    name: 'mailer',
    image: 'mailer:' + must_env('TAG'),
    portMappings: [{ containerPort: 8000, protocol: 'tcp' }],
    environment: base.env({
      STAGE: std.extVar('stage'),
      SENDER: '{{ must_env `SENDER` }}',
      TOPIC: tfstate('aws_sns_topic.bounces.arn'),
      LIMIT: std.toString(4 * 25),
    }),
    secrets: [{ name: 'SMTP_PASSWORD', valueFrom: tfstate('aws_secretsmanager_secret.smtp.arn') }],
    healthCheck: { command: ['CMD-SHELL', 'wget -q -O- localhost:8000/health'], retries: 3 },
  }],
}
