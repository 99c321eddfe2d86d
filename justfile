# Every task of the project; `uv run just` lists them.

# List the recipes.
default:
    @just --list --unsorted

# Run all tests.
test *ARGS:
    uv run pytest {{ARGS}}

# Check formatting, lint, types and the architecture.
lint:
    uv run ruff format --check
    uv run ruff check
    uv run --group infra mypy
    uv run lint-imports --no-cache

# Rewrite files as `lint` wants them, where that can be done safely.
fix:
    uv run ruff format
    uv run ruff check --fix

# Measure branch coverage; the core must have all of it.
coverage:
    uv run coverage run -m pytest -q
    uv run coverage report --fail-under=100 --include='{{CORE}}'
    uv run coverage report

# Kill local mode at random moments, KILLS times, and check that nothing is lost or doubled.
kills KILLS="50":
    uv run pytest -q tests/flow/test_kill.py --kills {{KILLS}}

# Write exact pins into pyproject.toml: the versions that resolve today.
lock:
    uv run --no-sync python -m tools.pins drop
    uv lock --upgrade
    uv run --no-sync python -m tools.pins

# Make the CloudFormation template, in cdk.out.
synth *ARGS:
    {{CDK}} synth --quiet {{ARGS}}

# Prepare the account and region of your AWS credentials for the CDK, once.
bootstrap *ARGS:
    {{CDK}} bootstrap {{ARGS}}

# Show what a deployment would change.
diff *ARGS:
    {{CDK}} diff {{ARGS}}

# Deploy, or upgrade, to the account of your AWS credentials; docs/deploy.md has the options.
deploy *ARGS:
    {{CDK}} deploy {{ARGS}}

# Remove the stack; docs/deploy.md says what stays.
destroy *ARGS:
    {{CDK}} destroy {{ARGS}}

# Print the size of the deployed zip and the import time of each handler.
sizes:
    uv run python -m tools.sizes

# Run AWS on this machine with the stack deployed to it, until Ctrl-C; `uv run just box --help`, docs/box.md.
box *ARGS:
    uv run --group box --group infra python -m box --cdk '{{CDK}}' {{ARGS}}

# Look for known vulnerabilities in what is pinned.
audit:
    uv run --with pip-audit pip-audit --skip-editable

# What CI runs.
ci:
    bash .ci/run

# The CDK's command line. It comes from npm, runs on the Node.js of the group `infra`, and needs nothing else.
CDK := "uv run --group infra npx --yes aws-cdk@2.1148.1"

# The modules whose every branch is tested.
CORE := "functions/tickline/model.py,functions/tickline/policy.py,functions/tickline/records.py,functions/tickline/slots.py,functions/tickline/schedules/*,functions/tickline/tick.py,functions/tickline/invoke.py"
