"""What every key of a manifest means, with an example: shown by editors (the JSON Schema) and in docs/reference/manifest.md.

Owns: the words and the examples. Does not own: which keys there are, their types and defaults; the models that read a manifest say so.
Tests hold the table complete, and every example is taken by the model that it belongs to.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from accord.config.words import PURPOSES


class Key(NamedTuple):
    """A key's meaning, one sentence without its stop, and an example of its value."""

    meaning: str
    example: Any


_PAGING = {"kind": "cursor", "parameter": "cursor", "next": "next_cursor", "size_parameter": "limit", "size": 500}
_LISTING = {"path": "/contacts", "items": "items", "paging": _PAGING}
_FIND = {"path": "/contacts", "query": {"external_id": "{reference}"}, "items": "items", "compare": "ExternalId"}
_REGISTERING: dict[str, Any] = {"path": "/webhooks", "body": {"url": "{url}", "secret": "{secret}", "topics": ["contacts"]}}
_ROUTE = {"method": "POST", "path": "/contacts"}

_SYSTEM: dict[tuple[str, str], Key] = {
    ("Manifest", "manifest"): Key("", 1),
    ("Manifest", "kind"): Key("what kind of system it is: `rest`; another word leads to another form of this file", "rest"),
    ("Manifest", "system"): Key("", "customcrm"),
    ("Manifest", "origin"): Key("", "${env:CRM_ORIGIN}"),
    ("Manifest", "base_path"): Key("what stands before every path of a call", "/api/v1"),
    ("Manifest", "private_hosts"): Key(
        "the system may be in a private network, and be called over plain http there. Without it: https to public addresses, and "
        "this machine where the origin names it (127.0.0.1, ::1, localhost). Over http a public address is never called",
        True,
    ),
    ("Manifest", "certificate_authority"): Key("a file of certificates to trust instead of the machine's own", "/etc/ssl/our-own.pem"),
    ("Manifest", "authentication"): Key("how calls are signed in", {"kind": "bearer", "value": "${env:CRM_KEY}"}),
    ("Manifest", "headers"): Key("further headers of every call; secrets as references", {"X-Tenant": "${env:CRM_TENANT}"}),
    ("Manifest", "limits"): Key("what the system's host bears", {"concurrency": 8, "per_second": 10.0}),
    ("Manifest", "clock"): Key("how the system tells time", {"format": "naive", "zone": "Europe/Oslo", "granularity_seconds": 1.0}),
    ("Manifest", "webhooks"): Key(
        "how the system announces changes; without it they are polled for",
        {"secret": "${env:CRM_WEBHOOK_SECRET}", "datatype": "collection", "id": "id", "datatypes": {"contacts": "Contact"}},
    ),
    ("Manifest", "datatypes"): Key("", {"Contact": {"id": "Id", "list": {"path": "/contacts"}, "properties": {"FirstName": {}}}}),
    ("Authentication", "kind"): Key(
        "none; header: `header` carries `value`; bearer: the usual Authorization header carries `value`; basic: `user` and `password`; "
        "token: a token is fetched from `path`, and again before it runs out; query: every address carries `value` as `parameter`; "
        "oauth: OAuth 2.0, by client credentials or a refresh token",
        "bearer",
    ),
    ("Authentication", "header"): Key("the header that carries the value or the token", "X-Api-Key"),
    ("Authentication", "prefix"): Key("what stands in that header before the value or the token", "Bearer "),
    ("Authentication", "value"): Key("the key itself, as a reference", "${env:CRM_KEY}"),
    ("Authentication", "user"): Key("of kind basic", "${env:CRM_USER}"),
    ("Authentication", "password"): Key("of kind basic, as a reference", "${env:CRM_PASSWORD}"),
    ("Authentication", "method"): Key("of the call that fetches a token", "POST"),
    ("Authentication", "path"): Key("of the call that fetches a token, after `base_path`, or on `origin`", "/token"),
    ("Authentication", "body"): Key(
        "what that call sends; of kind oauth, what it sends besides; secrets as references", {"clientApiKey": "${env:CRM_KEY}"}
    ),
    ("Authentication", "query"): Key(
        "the query of that call; better a body, as addresses end up in logs", {"grant_type": "client_credentials"}
    ),
    ("Authentication", "token"): Key("the path of the token in the answer", "access_token"),
    ("Authentication", "expires"): Key("the path of the token's end in the answer: a time, or seconds from now", "expires_in"),
    ("Authentication", "lifetime_seconds"): Key("how long a token is used at most, whatever the answer says", 3600.0),
    ("Authentication", "renew_seconds"): Key("how long before its end a token is fetched anew", 60.0),
    ("Authentication", "parameter"): Key("of kind query: the name of the key in the address", "api_key"),
    ("Authentication", "grant"): Key(
        "of kind oauth: Accord signs in as itself (`client_credentials`), or for a person who has allowed it once (`refresh_token`)",
        "refresh_token",
    ),
    ("Authentication", "origin"): Key("of kind oauth: where `path` is, when it is not where the system is", "https://login.example.org"),
    ("Authentication", "client"): Key(
        "of kind oauth: whether `client_id` and its secret go into a header (basic) or into the body", "body"
    ),
    ("Authentication", "client_id"): Key("of kind oauth: what the system calls Accord", "${env:CRM_CLIENT_ID}"),
    ("Authentication", "client_secret"): Key("of kind oauth, as a reference", "${env:CRM_CLIENT_SECRET}"),
    ("Authentication", "refresh_token"): Key(
        "of kind oauth: the refresh token to begin with, as a reference. Where the system replaces it at each use, the newest is kept in "
        "the folder .accord, readable by its owner alone, until another one is set here",
        "${env:CRM_REFRESH_TOKEN}",
    ),
    ("Authentication", "scope"): Key("of kind oauth: what to be allowed", "contacts.read contacts.write"),
    ("Limits", "concurrency"): Key("how many calls are under way at once", 8),
    ("Limits", "per_second"): Key("how many calls are started in a second; 0 sets no limit", 10.0),
    ("Limits", "deadline_seconds"): Key("how long one call may take, from connecting to the last byte", 30.0),
    ("Limits", "retries"): Key("how often a read is repeated while the host fails; a write never is", 4),
    ("Limits", "longest_wait_seconds"): Key("how long one call waits, in all, when it is told to slow down (429)", 120.0),
    ("Limits", "body_megabytes"): Key("the largest answer that is taken, unpacked", 64),
    ("Limits", "settles_seconds"): Key(
        "how long after a call was given up the server may still carry it out; an unanswered create is not sent again before that", 60
    ),
    ("SystemClock", "format"): Key(
        "how the system is asked for a time: with a zone (2026-01-31T12:00:00Z), without (2026-01-31T12:00:00), or in `seconds` or "
        "`milliseconds` since 1970",
        "naive",
    ),
    ("SystemClock", "zone"): Key("the zone of times that carry none", "Europe/Oslo"),
    ("SystemClock", "granularity_seconds"): Key("how fine the times are that the system notes for a change", 1.0),
    ("SystemClock", "lag_seconds"): Key("how long it may take until a change shows in a listing", 2.0),
    ("Webhooks", "kind"): Key(
        "standard: id, time and body are signed with HMAC-SHA256, as standardwebhooks.com describes it; hmac: `header` carries a signature "
        "of what `signs` says; secret: `header` carries the secret itself; none: nothing shows who sends, see `accept_unsigned`",
        "hmac",
    ),
    ("Webhooks", "secret"): Key(
        "the secret that events are signed with, as a reference such as ${env:WEBHOOK_SECRET}", "${env:CRM_WEBHOOK_SECRET}"
    ),
    ("Webhooks", "previous_secret"): Key("an older secret that is still taken while it is being replaced", "${env:CRM_WEBHOOK_SECRET_OLD}"),
    ("Webhooks", "header"): Key("of kinds hmac and secret: the header that carries the signature or the secret", "X-Signature"),
    ("Webhooks", "prefix"): Key("what stands in that header before each signature or the secret", "sha256="),
    ("Webhooks", "algorithm"): Key("of kind hmac", "sha512"),
    ("Webhooks", "encoding"): Key("of kind hmac: how the signature is written", "base64"),
    ("Webhooks", "signs"): Key(
        "of kind hmac: the text that is signed, with {body}, and {id} and {time} where the headers for them are named", "{time}.{body}"
    ),
    ("Webhooks", "id_header"): Key(
        "the header that carries the event's id, by which a repeated delivery is known; without it a repeated one costs a read",
        "X-Event-Id",
    ),
    ("Webhooks", "time_header"): Key(
        "of kind hmac: the header that carries when it was sent; it must be signed, and be within five minutes of our clock", "X-Timestamp"
    ),
    ("Webhooks", "accept_unsigned"): Key(
        "of kind none: whoever can reach the address may announce changes. What is announced is read from the system, never taken from the "
        "announcement; but anybody can make Accord read",
        True,
    ),
    ("Webhooks", "items"): Key("the path of a list of events in the body; empty: the body is one; left out: it is one event", "events"),
    ("Webhooks", "datatype"): Key("the path of the datatype's word in an event", "collection"),
    ("Webhooks", "datatype_header"): Key("the header that carries the datatype's word, where the event does not", "X-Topic"),
    ("Webhooks", "id"): Key("", "data.id"),
    ("Webhooks", "quiet_seconds"): Key(
        "a record is read once nothing more has been announced of it for so long: of somebody who types only the end crosses", 2.0
    ),
    ("Webhooks", "quiet_at_most_seconds"): Key(
        "how long after the first announcement it is read at the latest, whoever goes on typing", 10.0
    ),
    ("Webhooks", "registration"): Key(
        "how Accord has itself told of changes, when `accord run` is given the address by which it is reached (--public-url)",
        {"create": _REGISTERING, "remove": {"method": "DELETE", "path": "/webhooks/{id}"}},
    ),
    ("Call", "path"): Key("", "/webhooks/{id}"),
    ("Call", "method"): Key("of the call", "PATCH"),
    ("Call", "body"): Key(
        "what it sends; a text that is {url}, {secret}, {id} or {ends} as a whole stands for where events go, what signs them, the "
        "registration, and when it shall end",
        _REGISTERING["body"],
    ),
    ("Registration", "create"): Key("", _REGISTERING),
    ("Registration", "id"): Key("the path of the registration's id in the answer", "data.id"),
    ("Registration", "expires"): Key("the path of the time in the answer at which it ends", "data.expiresAt"),
    ("Registration", "lifetime_seconds"): Key("how long it lives where the answer does not say; without either it does not end", 259200.0),
    ("Registration", "renew"): Key(
        "the call that makes it live longer, after two thirds of its life; without it another one is created in time",
        {"method": "PATCH", "path": "/webhooks/{id}", "body": {"expiresAt": "{ends}"}},
    ),
    ("Registration", "remove"): Key("the call that takes an older one back", {"method": "DELETE", "path": "/webhooks/{id}"}),
    ("Webhooks", "datatypes"): Key("", {"contacts": "Contact"}),
}

_READING: dict[tuple[str, str], Key] = {
    ("Datatype", "id"): Key("", "Id"),
    ("Datatype", "version"): Key(
        "the path of what changes with every change of the record; where it is the path of `modified`, it is a time, and is only believed "
        "once it is older than the clock's granularity and lag",
        "Version",
    ),
    ("Datatype", "unique_version"): Key("no two changes of a record have the same version, although it is a time", True),
    ("Datatype", "modified"): Key("the path of the time of the last change", "UpdatedAt"),
    ("Datatype", "list"): Key("", _LISTING),
    ("Datatype", "changes"): Key("how changes are read; without it everything is listed and compared", {"parameter": "updated_since"}),
    ("Datatype", "deleted"): Key("where deleted records are listed", {"id": "Id", "listing": {"path": "/contacts/deleted"}}),
    ("Datatype", "read"): Key("the path of the call that reads one record", "/contacts/{id}"),
    ("Datatype", "record"): Key("the path of the record in what `read` answers; empty: the body itself", "data"),
    ("Datatype", "create"): Key("the calls that create; the first is taken whose `requires` are all given", [_ROUTE | {"find": _FIND}]),
    ("Datatype", "update"): Key("the call that changes a record", {"method": "PATCH", "path": "/contacts/{id}"}),
    ("Datatype", "delete"): Key("the call that deletes a record", {"method": "DELETE", "path": "/contacts/{id}", "answer": None}),
    ("Datatype", "conditional"): Key("how a write states the version that it was planned against", {"header": "If-Match"}),
    ("Datatype", "idempotency_header"): Key("the header by which the system knows a repeated create", "Idempotency-Key"),
    ("Datatype", "reference"): Key("the property that can carry our reference, by which an unanswered create is found again", "ExternalId"),
    ("Datatype", "gone_when"): Key("the record counts as deleted if one of these holds", [{"path": "Deleted", "equals": True}]),
    ("Datatype", "ignore_when"): Key("the record is never looked at if one of these holds", [{"path": "IsTemplate", "equals": True}]),
    ("Datatype", "groups"): Key(
        "properties that live together in a sub-resource, or in one item of a list", {"email": {"list": "contacts", "where": {"type": 1}}}
    ),
    ("Datatype", "properties"): Key("", {"FirstName": {"personal": True}, "BirthDate": {"type": "date"}}),
    ("Datatype", "assumptions"): Key(
        "sentences that hold until somebody has confirmed them; `accord check` prints them", ["Ids are kept."]
    ),
    ("Listing", "path"): Key("", "/contacts"),
    ("Listing", "query"): Key("what is always asked for", {"include": "address"}),
    ("Listing", "items"): Key("the path of the array in the body; empty: the body itself", "data.items"),
    ("Listing", "paging"): Key("how pages follow each other", _PAGING),
    ("Paging", "kind"): Key(
        "none: all in one page; page: `parameter` counts pages; offset: `parameter` counts the records before the page; cursor: the value "
        "at `next` goes into `parameter`; next_link: the value at `next` is the address of the next page; link_header: the Link header's "
        "rel=next is, or what the header named `next` holds; keyset: the parameters of `keys` take values of the last record of the page",
        "cursor",
    ),
    ("Paging", "keys"): Key(
        "of kind keyset: query parameter and the path in a record of what it takes; what the listing is in order of, the id last",
        {"modified_after": "UpdatedAt", "after_id": "Id"},
    ),
    ("Paging", "parameter"): Key("the query parameter that takes the page, the offset or the cursor", "cursor"),
    ("Paging", "start"): Key("the number of the first page, of kind page", 1),
    ("Paging", "size_parameter"): Key("the query parameter that takes the size of a page", "limit"),
    ("Paging", "size"): Key("how many records a page shall hold", 500),
    ("Paging", "next"): Key("the path of the next cursor, or of the next page's address, in the body", "next_cursor"),
    ("Paging", "total"): Key("the path of the number of all records; what came is compared with it", "total"),
    ("Changes", "kind"): Key(
        "since: the listing takes a time in `parameter`; feed: `listing` is of something else, and its items only name what changed",
        "since",
    ),
    ("Changes", "parameter"): Key("the query parameter that takes the time since when", "updated_since"),
    ("Changes", "listing"): Key("the call, where it is not the datatype's own `list`", {"path": "/events", "items": "items"}),
    ("Changes", "id"): Key("the path of the record's id in an item of a feed", "record.id"),
    ("Changes", "version"): Key("the path of the record's version in an item of a feed", "record.version"),
    ("Changes", "where"): Key("which items of a feed are meant: path and value", {"record.type": "contact"}),
    ("Changes", "clock"): Key("the path of the server's time in the body; empty: the Date header", "server_time"),
    ("Changes", "overlap_seconds"): Key("how far every question goes back before the last one; at least granularity plus lag", 2.0),
    ("Deleted", "listing"): Key("", {"path": "/contacts/deleted", "items": "items"}),
    ("Deleted", "id"): Key("", "Id"),
    ("Deleted", "parameter"): Key("the query parameter that takes the time since when", "since"),
    ("Conditional", "property"): Key("the path in the body of an update that carries the version, instead of a header", "Version"),
    ("Conditional", "written"): Key("how that path carries it", "text"),
    ("Conditional", "header"): Key("the header", "If-Match"),
    ("Conditional", "format"): Key("what the header carries", '"{version}"'),
    ("Condition", "path"): Key("", "Deleted"),
    ("Condition", "equals"): Key("the value that it must have", True),
    ("Condition", "present"): Key("it must be there and not null; instead of `equals`", True),
}

_WRITING: dict[tuple[str, str], Key] = {
    ("Route", "path"): Key("", "/contacts/{id}"),
    ("Route", "method"): Key("of the call", "PATCH"),
    ("Route", "query"): Key("of the call", {"notify": "false"}),
    ("Route", "at"): Key("the path in the body under which everything that is sent goes; empty: the body itself", "data"),
    ("Route", "requires"): Key("the properties that must be given for this route to be taken", ["LastName"]),
    ("Route", "names"): Key(
        "property and its path in the body, where this call has another than the property says", {"Email": "primaryEmail"}
    ),
    ("Route", "only_names"): Key("nothing is sent but what `names`, `lists` and `add` say", True),
    ("Route", "lists"): Key("how list properties are written by this call", {"Lines": {"at": "orderLines"}}),
    ("Route", "add"): Key("constants, by their path in the body; also $now, $reference and $id", {"source": "accord", "createdAt": "$now"}),
    ("Route", "answer"): Key(
        "the path of the record in the answer, empty: the body itself; null: the answer carries none, it is read back", "data"
    ),
    ("Route", "find"): Key("how a copy is found that this call made and did not answer for", _FIND),
    ("Find", "path"): Key("", "/contacts"),
    ("Find", "query"): Key("with {reference} or any property of the datatype", {"external_id": "{reference}"}),
    ("Find", "items"): Key("the path of the array in the body; empty: the body itself", "items"),
    ("Find", "paging"): Key("how pages follow each other", {"kind": "none"}),
    ("Find", "compare"): Key("", "ExternalId"),
    ("Find", "certain"): Key("finding none proves that there is none; false: the search may lag behind", False),
    ("ItemShape", "at"): Key("the path of the list in the body, where it is not the property's own", "orderLines"),
    ("ItemShape", "names"): Key(
        "item property and its path in the item; without any all go by their own names", {"ProductNumber": "product.no"}
    ),
    ("ItemShape", "add"): Key("constants, by their path in the item", {"unit": "piece"}),
    ("ItemShape", "compute"): Key("computed values, by their path in the item", {"amount": {"multiply": ["Quantity", "UnitPrice"]}}),
    ("Compute", "multiply"): Key("names of item properties, or numbers; their product is sent", ["Quantity", "UnitPrice", 100.0]),
    ("Compute", "percent"): Key("part and whole; what is read is 100 times part by whole", ["vatAmount", "amount"]),
    ("Compute", "scale"): Key("how many digits after the point are kept, rounded half up", 2),
    ("Group", "list"): Key("the path of a list in the record, one item of which is meant", "contacts"),
    ("Group", "object"): Key("the path of an object in the record", "address"),
    ("Group", "where"): Key("which item of the list: path and value", {"type": 1}),
    ("Group", "current"): Key("the path of the item's end; an item that has ended does not count", "end"),
    ("Group", "started"): Key("the path of the item's start; of several the last started counts", "start"),
    ("Group", "write"): Key(
        "the call that posts an item; without it the item goes into the record's own body", _ROUTE | {"path": "/contacts/{id}/addresses"}
    ),
    ("Group", "replace"): Key(
        "the call instead, when the item is there already", {"method": "PUT", "path": "/contacts/{id}/addresses/{item.id}"}
    ),
    ("Group", "wrap"): Key("whether the call takes one object or an array of them", "array"),
    ("Group", "add"): Key("constants of a posted item, by their path in it", {"start": "$now"}),
    ("Group", "whole"): Key("all properties of the group are sent, the unchanged ones as they were just read", True),
    ("Group", "clear"): Key("constants that are sent when all properties of the group become empty", {"end": "$now"}),
    ("Group", "answer"): Key("the path of the items in the answer; null: it carries none", ""),
    ("Property", "type"): Key("what its values are", "date"),
    ("Property", "path"): Key("where it is read in the record, or in the group's item; without it, its name", "address.postalCode"),
    ("Property", "group"): Key("the group that it lives in", "address"),
    ("Property", "create"): Key("its path in the body of a create; false: a create cannot carry it", "firstName"),
    ("Property", "update"): Key("its path in the body of an update; false: an update cannot carry it", False),
    ("Property", "format"): Key(
        "how it is written: of a date `date`, or `midnight` (a naive time at 00:00:00); of an instant `zoned` or `naive`; of a "
        "number `number` or `text`",
        "midnight",
    ),
    ("Property", "scale"): Key("how many digits after the point it holds", 2),
    ("Property", "precision_seconds"): Key("how fine an instant it holds", 1.0),
    ("Property", "max_length"): Key("how many characters it holds", 60),
    ("Property", "options"): Key("the values that it can have", ["draft", "won", "lost"]),
    ("Property", "clearing"): Key("what is sent to empty it", "empty"),
    ("Property", "compute"): Key(
        "how it is worked out from others of the same item; it is not written then", {"percent": ["vatAmount", "amount"]}
    ),
    ("Property", "items"): Key("what is in the items of a list", {"Quantity": {"type": "decimal", "scale": 3}}),
    ("Property", "personal"): Key("it says something about a person; it is masked where values are shown", True),
    ("Property", "note"): Key("a remark for people", "the English name of the country"),
}

KEYS: Mapping[tuple[str, str], Key] = MappingProxyType(
    {where: key if key.meaning else Key(PURPOSES[where], key.example) for where, key in {**_SYSTEM, **_READING, **_WRITING}.items()}
)
"""(Shape, key) -> what it means. The words of required keys are those that are said when one is missing (words.py)."""

SHAPES: Mapping[str, str] = MappingProxyType(
    {
        "Manifest": "The file",
        "Authentication": "Signing in",
        "Limits": "Limits",
        "SystemClock": "The clock",
        "Datatype": "A datatype",
        "Property": "A property",
        "Listing": "A listing",
        "Paging": "Paging",
        "Changes": "Changes",
        "Deleted": "Deleted records",
        "Condition": "A condition",
        "Route": "A writing call",
        "Find": "Finding an unanswered create",
        "Conditional": "A conditional write",
        "ItemShape": "The items of a list, as a call writes them",
        "Compute": "A computed value",
        "Group": "A group",
        "Webhooks": "Webhooks",
        "Registration": "Registering for webhooks",
        "Call": "A call of a registration",
    }
)
"""Shape -> its heading, in the order of the reference."""
