"""The project as the local platform runs it: its template with the local parameters, and the AWS it finds."""

from pathlib import Path

from local.template import Template, load, local_parameters

REGION = "eu-central-1"


def read_template(project: Path, aws_endpoint: str) -> Template:
    samconfig = project / "samconfig.toml"
    parameters = local_parameters(samconfig) if samconfig.is_file() else {}
    return load(project / "template.yaml", parameters, region=REGION, aws_endpoint=aws_endpoint)


def aws_environment(endpoint: str) -> dict[str, str]:
    """The variables that Lambda and a role would provide, and nothing of a developer's own profiles."""
    return {
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }
