local env = std.native('env');
{
  region: env('AWS_REGION', 'us-west-1'),
  cluster: 'main',
  service: 'mailer',
  service_definition: 'ecs-service-def.jsonnet',
  task_definition: 'ecs-task-def.jsonnet',
  plugins: [{ name: 'tfstate', config: { path: 'terraform.tfstate' } }],
}
