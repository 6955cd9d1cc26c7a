"""What things are usually called in APIs of CRMs: the names that a draft goes by.

Owns: the names, and how names are compared. Does not own: what is concluded from one.
"""

import re
from collections.abc import Iterable

CURSOR_PARAMETERS = frozenset({"cursor", "after", "pagetoken", "nexttoken", "startingafter", "continuation", "marker"})
AFTER_PARAMETERS = frozenset({"startingafter", "afterid", "sinceid", "lastid"})
"""They take the id of the last record of a page."""

CURSOR_MEMBERS = frozenset({"nextcursor", "cursor", "nextpagetoken", "nexttoken", "after", "continuation", "endcursor", "next"})
LINK_MEMBERS = frozenset({"nextpageurl", "nexturl", "nextlink", "nexthref", "nextpagelink"})
PAGE_PARAMETERS = frozenset({"page", "pagenumber", "pageno", "pageindex", "pagenum"})
OFFSET_PARAMETERS = frozenset({"offset", "skip", "start", "startat", "startindex"})
SIZE_PARAMETERS = frozenset({"limit", "pagesize", "perpage", "size", "top", "maxresults", "pagelimit", "take", "count"})
TOTALS = frozenset({"total", "totalcount", "totalresults", "totalitems", "totalrecords", "recordcount"})
ARRAYS = ("items", "data", "results", "result", "records", "value", "values", "content", "entries", "elements", "list", "rows")

IDS = ("id", "uuid", "guid", "key", "number")
MODIFIED = frozenset(
    {"updatedat", "modifiedat", "updated", "modified", "lastmodified", "lastmodifiedat", "lastmodifieddate", "lastupdated", "lastchange"}
    | {
        "lastchanged",
        "changedat",
        "dateupdated",
        "datemodified",
        "modifiedon",
        "updatedon",
        "modifieddate",
        "updateddate",
        "systemmodstamp",
        "updatetime",
        "modifiedtime",
        "modificationtime",
        "modificationdate",
        "lastupdate",
        "lastupdatedat",
        "lastmodifiedtime",
        "lastmodifieddatetime",
    }
)
CREATED = frozenset({"createdat", "created", "createdon", "datecreated", "createddate", "insertedat"}) | frozenset(
    {"createtime", "addtime", "createdtime", "createddatetime"}
)
VERSIONS = frozenset({"version", "etag", "revision", "rowversion", "lockversion", "rev"})
REFERENCES = frozenset({"externalid", "externalreference", "externalref", "foreignid", "clientreference", "externalkey", "importid"})
DELETED_FLAGS = frozenset({"deleted", "isdeleted", "removed", "istrashed"})
DELETED_TIMES = frozenset({"deletedat", "deletedon", "datedeleted", "removedat", "anonymizedon"})
DELETED_PATHS = frozenset({"deleted", "deletions", "trash", "trashed", "removed", "tombstones"})
NO_RECORDS = frozenset({"webhooks", "hooks", "subscriptions", "events", "logs", "auditlog", "jobs", "tokens"})
"""Last parts of paths whose items are not what people keep in a CRM."""

SERVER_TIMES = frozenset({"servertime", "serverdate", "asof", "now"})
SINCE = frozenset(
    f"{word}{when}"
    for word in ("updated", "modified", "changed", "lastmodified", "updatedat", "modifiedat", "lastupdated", "minupdated", "lastchange")
    for when in ("since", "after", "from", "gte", "gt", "min", "start")
) | {"since", "changedafter", "minupdatedat", "ifmodifiedsince"}
WITH_DELETED = frozenset({"includedeleted", "withdeleted", "showdeleted", "withtrashed"})
TOKENS = frozenset({"token", "accesstoken", "value", "jwt", "sessiontoken", "sessionid", "authtoken"})
TOKEN_ENDS = frozenset({"expires", "expiration", "expiresat", "expiresin", "expiry", "validuntil", "validto"})
SIGN_IN_PATHS = frozenset({"token", "tokens", "login", "signin", "session", "sessions", "auth", "authenticate", "authentication"})

_PEOPLE = re.compile(r"person|contact|member|people|user|lead|employee|subscriber|attendee|volunteer|donor", re.IGNORECASE)
_PERSONAL = re.compile(r"name|mail|phone|mobile|birth|gender|street|address|zip|postal|city|salutation|ssn", re.IGNORECASE)
_SUFFIX = re.compile(r"(Response|Read|Out|Output|Dto|DTO|Resource|Entity|Model|Schema|Object|Record|View|Item)$")
_SAYS_NOTHING = re.compile(r"(?:Simple|Public|Generic|Base|Basic|Full|Object|Record|Resource|Entity|Item|Data|Crm|CRM)+")


ATTRIBUTES = ("attributes", "fields", "properties")
"""Members in which some APIs keep all of a record but its id."""


def plain(name: str) -> str:
    """A name as it is compared: letters and digits alone."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def first(names: Iterable[str], known: Iterable[str]) -> str | None:
    """The first of these names that is a known one, as a whole or by its last part."""
    wanted = frozenset(known)
    return next((name for name in names if plain(name) in wanted or leaf(name) in wanted), None)


def leaf(name: str) -> str:
    """The last part of a name such as attributes.updatedAt or filter[updatedSince], as it is compared."""
    return plain(re.split(r"[.\[]", name)[-1])


def is_about_people(datatype: str) -> bool:
    """Whether records of this name are likely to be people."""
    return _PEOPLE.search(datatype) is not None


def is_personal(name: str) -> bool:
    """Whether a property of a person's record is likely to say something about them."""
    return _PERSONAL.search(name) is not None


def singular(word: str) -> str:
    """An English word in the singular, near enough for a name."""
    for end, instead in (("ies", "y"), ("ses", "s"), ("xes", "x"), ("people", "person"), ("s", "")):
        if word.lower().endswith(end) and not word.lower().endswith("ss"):
            return word[: -len(end)] + instead
    return word


def datatype_name(schema_name: str, path: str) -> str:
    """What to call a datatype: as its schema is called, or after its path."""
    said = _SUFFIX.sub("", schema_name)
    if said and re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", said) and not _SAYS_NOTHING.fullmatch(said):
        return said[0].upper() + said[1:]
    last = [step for step in path.split("/") if step and not step.startswith("{")][-1]
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", singular(last)) if part) or "Record"
