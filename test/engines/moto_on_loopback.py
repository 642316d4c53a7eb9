"""moto's server on a free port of the loopback address, with what it does otherwise than AWS put right.

Writes the port as its first line, and ends when its standard input does. moto_gaps.py tells whether
each correction is still needed.
"""

import os
import sys
import threading

from moto.cloudformation import models
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from moto.secretsmanager.models import SecretsManagerBackend
from werkzeug.serving import make_server

lint = models.validate_template_cfn_lint


def find_errors(template: str) -> list:
    """CloudFormation refuses no template for a warning of the linter; moto does."""
    return [match for match in lint(template) if match.rule.severity == "error"]


models.validate_template_cfn_lint = find_errors

move_stage = SecretsManagerBackend.update_secret_version_stage


def move_stage_and_value(self, **request):
    """A secret's value is that of the version labelled AWSCURRENT; moto forgets where that went."""
    answer = move_stage(self, **request)
    version = request["move_to_version_id"]
    if request["version_stage"] == "AWSCURRENT" and version:
        self.secrets[request["secret_id"]].set_default_version_id(version)
    return answer


SecretsManagerBackend.update_secret_version_stage = move_stage_and_value


def end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()
server = make_server(
    "127.0.0.1",
    0,
    DomainDispatcherApplication(create_backend_app),
    threaded=True,
    request_handler=MotoRequestHandler,
)
print(server.port, flush=True)
server.serve_forever()
