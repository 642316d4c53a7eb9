"""moto's server on a free port of the loopback address.

Writes the port as its first line, and ends when its standard input does.
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
from werkzeug.serving import make_server


def end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


lint = models.validate_template_cfn_lint


def find_errors(template: str) -> list:
    """CloudFormation refuses no template for a warning of the linter; moto does."""
    return [match for match in lint(template) if match.rule.severity == "error"]


models.validate_template_cfn_lint = find_errors
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
