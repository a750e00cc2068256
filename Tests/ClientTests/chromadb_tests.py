"""Runs chromadb's own tests against a server: see run-chromadb-tests."""

import os
import pathlib
import subprocess
import sys
import urllib.parse

import chromadb

from mounted import Mounted

PLACES = ["test_api.py", "api", "property"]


def run(host, port, arguments):
    folder = pathlib.Path(chromadb.__file__).parent / "test"
    if not any(str(folder) in argument or argument.endswith(".py") for argument in arguments):
        arguments = arguments + PLACES
    arguments = [str(folder / argument) if (folder / argument).exists() else argument for argument in arguments]
    environment = os.environ | {"CHROMA_INTEGRATION_TEST_ONLY": "1", "CHROMA_SERVER_HOST": host,
                                "CHROMA_SERVER_HTTP_PORT": str(port)}
    return subprocess.run([sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
                          env=environment, check=False).returncode


def main(arguments):
    if arguments[:1] == ["--server"]:
        address = urllib.parse.urlparse(arguments[1])
        return run(address.hostname, address.port, arguments[2:])
    server = Mounted()
    try:
        return run("localhost", server.port, arguments)
    finally:
        server.close()


sys.exit(main(sys.argv[1:]))
