"""A process that supervises servers, to be killed by tests: prints where they are, and stops them at a line of input.

python supervising_process.py DATA_DIRECTORY [as-user ID PYTHON] [without-namespaces]
"""
# ruff: noqa: T201  # its output is what the tests read

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

from app.embedded import identity
from app.embedded.data_directory import open_data_directory
from app.embedded.servers import start_servers
from app.errors import SetupError


def main(path: str, *options: str) -> None:
    if options[:1] == ("as-user",):
        socket.getaddrinfo("127.0.0.1", 0)  # loads what this user's Python could not read afterwards
        os.setgroups([])
        os.setgid(int(options[1]))
        os.setuid(int(options[1]))
        sys.executable = options[2]
    if options[:1] == ("without-namespaces",):
        identity.NAMESPACE = "0x"  # the launcher refuses what it doesn't know, as a blocked namespace
    try:
        directory = open_data_directory(Path(path), user="pixecom up")
        servers = start_servers(directory)
    except SetupError as error:
        print(json.dumps({"error": str(error)}), flush=True)
        return
    facts = {
        "app_url": servers.database_urls.app_url,
        "owner_url": servers.database_urls.owner_url,
        "redis_url": servers.redis_url,
        "identity": servers.postgres.identity.launch_as,
        "postgres": servers.postgres.child.pid,
        "valkey": servers.valkey.child.pid,
    }
    print(json.dumps(facts), flush=True)
    sys.stdin.readline()
    servers.stop()
    directory.close()
    print(json.dumps({"stopped": True}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
