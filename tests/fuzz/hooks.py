"""What schemathesis is told about this server: who asks, so that they do not delete themselves, and which refusals are
no faults of the document."""

import json
import os
from http import HTTPStatus
from typing import Any

import schemathesis
from hypothesis import strategies as st

OWN = frozenset(os.environ["REVENGE_TEST_FUZZ_OWN"].split())
FOLDERS = os.environ["REVENGE_TEST_FUZZ_FOLDERS"].split(os.pathsep)

BEYOND_SCHEMAS = {
    ("list_items", "cursor"): "means something only to us",
    ("list_items", "sort"): "`number` is for children",
    ("list_item_trees", "cursor"): "means something only to us",
    ("list_item_trees", "sort"): "`number` is for children",
    ("list_history", "cursor"): "means something only to us",
    ("list_jobs", "cursor"): "means something only to us",
    ("list_jobs", "order_by"): "`finalized_at` is for states that are final",
    ("create_library", "name"): "what is printable, Unicode says",
    ("create_library", "paths"): "folders that are there",
    ("change_library", "name"): "what is printable, Unicode says",
    ("change_library", "paths"): "folders that are there",
    ("change_root", "path"): "a folder that is there",
    ("scan_library", "paths"): "folders of the library",
    ("create_account", "name"): "what is printable, Unicode says",
    ("create_account", "password"): "counted as it is kept: composed",
    ("create_account", "libraries"): "libraries that are there",
    ("change_account", "name"): "what is printable, Unicode says",
    ("change_account", "libraries"): "libraries that are there, and not together with all",
    ("create_api_key", "name"): "what is printable, Unicode says",
    ("create_api_key", "expires_at"): "in the future, and with a zone",
    ("create_first_account", "code"): "the one that was printed",
    ("create_first_account", "name"): "what is printable, Unicode says",
    ("create_first_account", "password"): "counted as it is kept: composed",
    ("change_own_password", "password"): "counted as it is kept: composed",
    ("set_password", "password"): "counted as it is kept: composed",
    ("purge_library", "missing_for"): "a duration",
    ("start_playback", "profile"): "profiles that are there, or whole ones",
    ("start_playback", "audio"): "what the file holds",
    ("start_playback", "subtitle"): "what the file holds, and one of two ways to say it",
    ("choose_match", "external_id"): "an id as its source writes it",
    ("choose_match", "source"): "sources that are there",
    ("get_episode_orders", "item"): "a series",
    ("choose_episode_order", "item"): "a series",
    ("choose_episode_order", "order"): "an order, or a list of a source that is asked",
    ("change_library_metadata", "sources"): "sources that are there",
    ("choose_library_image", "item_id"): "items of the library",
    ("change_item", "title"): "what is printable, Unicode says",
    ("change_item", "year"): "a year of this world",
    ("create_api_key_of_account", "name"): "what is printable, Unicode says",
    ("create_api_key_of_account", "expires_at"): "in the future, and with a zone",
    **{
        (operation, "If-Match"): "the ETag of how it is now"
        for operation in (
            "change_account",
            "delete_account",
            "change_library",
            "delete_library",
            "change_library_metadata",
            "change_root",
            "change_item",
            "choose_match",
            "unmatch",
        )
    },
    ("search_candidates", "source"): "sources that are there",
    ("insert_job", "kind"): "kinds that are there",
    ("insert_job", "args"): "what the kind takes",
    ("insert_job", "queue"): "River's own rule",
    ("insert_job", "tags"): "River's own rule",
}
"""Parts of requests that fit their schema and may be refused with 400: what is right about them a schema cannot say."""


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    """Keep away from the account, the login and the key that all this is asked with."""
    return OWN.isdisjoint(str(value) for value in (case.path_parameters or {}).values())


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Drop what a schema cannot say, and nothing else."""
    name = type(failure).__name__
    if name == "AcceptedNegativeData" and response.status_code == HTTPStatus.PRECONDITION_FAILED:
        return False  # nothing is accepted: preconditions are judged before what is sent (RFC 9110 section 13.2.1)
    if name != "RejectedPositiveData":
        return True
    told = json.loads(response.content)
    fields = [one["field"] for one in told.get("errors", ())] or [told.get("field") or ""]
    operation = case.operation.definition.raw["operationId"]
    return not all((operation, field.partition(".")[0]) in BEYOND_SCHEMAS for field in fields)


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Name folders that are there, so that libraries are made and not only refused."""
    if isinstance(body, dict) and isinstance(body.get("paths"), list) and body["paths"] and "name" in body:
        body["paths"] = [FOLDERS[len(str(body)) % len(FOLDERS)]]
    return body


schemathesis.openapi.format("duration", st.sampled_from(["1s", "30d", "1h30m"]))
