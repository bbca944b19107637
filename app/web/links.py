"""What to ask next: links of the OpenAPI document, from an answer to the routes that take what it holds.

Clients that are generated from the document may follow them, and so does whoever tests us by it.
"""

from typing import Any

LINKS = (
    ("create_library", "library_id", "id", "get change scan purge delete", "library"),
    ("list_libraries", "library_id", "libraries/0/id", "get", "library"),
    ("list_libraries", "library_id", "libraries/0/id", "list", "roots"),
    ("scan_library", "job_id", "job/id", "get cancel", "job"),
    ("list_items", "item_id", "items/0/id", "get", "item"),
    ("get_item", "file_id", "files/0/id", "get", "file"),
    ("get_file", "file_id", "id", "stream", "file"),
    ("get_file", "file_id", "id", "create", "media_token"),
    ("list_jobs", "job_id", "jobs/0/id", "get cancel retry delete", "job"),
    ("cancel_job", "job_id", "id", "retry delete", "job"),
    ("list_queues", "name", "queues/0/name", "get pause resume", "queue"),
    ("create_account", "account_id", "id", "get change delete", "account"),
    ("create_account", "account_id", "id", "set", "password"),
    ("list_accounts", "account_id", "accounts/0/id", "get", "account"),
    ("log_in", "login_id", "login_id", "log", "out"),
    ("list_logins", "login_id", "logins/0/id", "log", "out"),
    ("create_api_key", "key_id", "api_key/id", "delete", "api_key"),
)
"""From which operation which parameter takes what of the answer (a JSON pointer), and the operations it leads to."""


def add_links(document: dict[str, Any]) -> None:
    operations = {one["operationId"]: one for path in document["paths"].values() for one in path.values()}
    for source, parameter, pointer, verbs, noun in LINKS:
        answers = operations[source]["responses"]
        (success,) = (answer for status, answer in answers.items() if status.startswith("2"))
        for target in (f"{verb}_{noun}" for verb in verbs.split()):
            link = {"operationId": target, "parameters": {parameter: f"$response.body#/{pointer}"}}
            success.setdefault("links", {})[target] = link
