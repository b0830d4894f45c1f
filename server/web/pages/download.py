"""The page from which the Backup Manager is downloaded: anybody may, who has been told of it."""

from flask import Blueprint, Response, render_template, send_file

from server.web import visit

pages = Blueprint("download", __name__, url_prefix="/download")


@pages.get("")
def show() -> str:
    """Show the builds with their checksums, and how one is installed."""
    return render_template("download.html", files=visit.downloads().all())


@pages.get("/<name>")
def fetch(name: str) -> Response:
    """Send a build."""
    return send_file(visit.downloads().path(name), mimetype="application/octet-stream", as_attachment=True, download_name=name)
