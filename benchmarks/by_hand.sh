#!/usr/bin/env bash
# What `invoke deploy --env=local` does, as a plain script with docker, terraform and the AWS CLI.
# usage: by_hand.sh CHECKOUT PORT   (deploys services/greeter of CHECKOUT to the embedded AWS at PORT)
# It is generous to itself: it knows every name, skips a rollout of the same digest, checks nothing.
set -euo pipefail
cd "$1"
export AWS_ENDPOINT_URL="http://127.0.0.1:$2" AWS_REGION=us-west-1 AWS_DEFAULT_REGION=us-west-1
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_EC2_METADATA_DISABLED=true
export TF_IN_AUTOMATION=1 DOCKER_BUILDKIT=1
bucket=slipway-state-000000000000-us-west-1
aws=${AWS_CLI:-aws} docker=${DOCKER_CLI:-docker} terraform=${TERRAFORM:-terraform}

$aws s3api head-bucket --bucket "$bucket" 2>/dev/null || {
  $aws s3api create-bucket --bucket "$bucket" \
    --create-bucket-configuration LocationConstraint=us-west-1 >/dev/null
  $aws dynamodb create-table --table-name slipway-locks --billing-mode PAY_PER_REQUEST \
    --attribute-definitions AttributeName=LockID,AttributeType=S \
    --key-schema AttributeName=LockID,KeyType=HASH >/dev/null
}

apply() { # stack, state key, further arguments of apply
  local stack=$1 key=$2
  shift 2
  export TF_DATA_DIR=$PWD/.slipway/by_hand/$stack
  $terraform -chdir="infra/$stack" init -input=false -reconfigure -lockfile=readonly \
    -backend-config="bucket=$bucket" -backend-config="key=$key" \
    -backend-config=region=us-west-1 -backend-config=dynamodb_table=slipway-locks \
    -backend-config=use_lockfile=true -backend-config=encrypt=true >/dev/null
  $terraform -chdir="infra/$stack" workspace select -or-create local >/dev/null
  $terraform -chdir="infra/$stack" apply -auto-approve -input=false \
    -var environment=local -var project=slipway -var region=us-west-1 -var protected=false \
    "$@" >/dev/null
}
output() { $terraform -chdir="infra/$1" output -raw "$2"; }

apply registry registry.tfstate -var 'services=["greeter"]'
repository=localhost:$2/slipway/greeter
version=$(git hash-object services/greeter/src/greeter/*.py | sha256sum | cut -c1-16)
secret=()
[ -f "${SSL_CERT_FILE:-}" ] && secret=(--secret "id=ca,src=$SSL_CERT_FILE")
$docker build -q --target test "${secret[@]}" services/greeter >/dev/null
$docker build -q "${secret[@]}" --build-arg "VERSION=$version" -t "$repository:$version" \
  services/greeter >/dev/null
$aws ecr get-login-password | $docker login -u AWS --password-stdin "localhost:$2" >/dev/null 2>&1
digest=$($docker push "$repository:$version" | sed -n 's/.*digest: \(sha256:[0-9a-f]*\).*/\1/p')
image=$repository@$digest

apply platform platform.tfstate -var-file="$PWD/infra/environments/local.tfvars"
apply service service/greeter.tfstate -var-file="$PWD/.slipway/by_hand/service.tfvars.json" \
  -var "image=$(cat .slipway/by_hand/template 2>/dev/null || echo "$image")"
[ -f .slipway/by_hand/template ] || echo "$image" >.slipway/by_hand/template
template=$(output service task_definition_arn)
url=$(output service url)

running=$($aws ecs describe-services --cluster slipway-local --services slipway-local-greeter \
  --query 'services[0].taskDefinition' --output text)
if [ "$($aws ecs describe-task-definition --task-definition "$running" \
  --query 'taskDefinition.containerDefinitions[0].image' --output text)" != "$image" ]; then
  $aws ecs describe-task-definition --task-definition "$template" --query taskDefinition |
    python3 -c '
import json, sys
drop = {"taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities",
        "registeredAt", "registeredBy"}
made = {k: v for k, v in json.load(sys.stdin).items() if k not in drop}
made["containerDefinitions"][0]["image"] = sys.argv[1]
print(json.dumps(made))' "$image" >.slipway/by_hand/definition.json
  arn=$($aws ecs register-task-definition --cli-input-json file://.slipway/by_hand/definition.json \
    --query taskDefinition.taskDefinitionArn --output text)
  $aws ecs update-service --cluster slipway-local --service slipway-local-greeter \
    --task-definition "$arn" >/dev/null
fi
$aws ecs wait services-stable --cluster slipway-local --services slipway-local-greeter
curl -sf "$url/health"
echo
