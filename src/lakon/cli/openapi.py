"""`lakon openapi`."""

from __future__ import annotations

import click

from lakon.cli.options import load, program_option, stage_option


@click.command()
@click.argument("name", required=False)
@program_option
@stage_option
@click.option("--version", default="1", show_default=True, metavar="TEXT", help="The version that the document tells.")
@click.option("--server", metavar="URL", help="The address that the document tells; the API's own domain by default.")
def command(name: str | None, app: str | None, stage: str, version: str, server: str | None) -> None:
    """Print an OpenAPI 3.1 document of the API NAME, made from routes and types.

    NAME can be left out where the program has one API. Pages that show such documents, generators of clients and
    Schemathesis read it.
    """
    from lakon.cli.terminal import print_json
    from lakon.commands.openapi import document

    print_json(document(load(app, stage), name, version=version, server=server))
