"""How a system is described to a connector: one manifest, as frozen data.

Owns: the shape of a manifest file. Does not own: reading it (config/), obeying it (connectors/).

Paths are dotted ("postalCode.zipCode") and relative to the record, or to the group's item where a property is in a group.
Texts in calls may hold placeholders: ``{id}``, ``{reference}``, in ``find`` any property name of the datatype, and in a group's
``replace`` its existing item's members as ``{item.PATH}``. Constants may be ``$now`` (written as ``clock`` says) and ``$reference``.
Secrets are ``${env:NAME}``, ``${file:PATH}``, ``${keyring:NAME}``; they may stand in ``origin``, ``headers`` and ``authentication``.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

__pydantic_config__ = {"extra": "forbid"}

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
PropertyType = Literal["string", "integer", "decimal", "boolean", "date", "instant", "list"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Authentication:
    """How calls are signed in. Which keys a kind needs is checked when the manifest is read.

    none; header: ``header`` carries ``value``; bearer: "Authorization: Bearer ``value``"; basic: ``user`` and ``password``;
    token: ``request`` is made with ``body``, ``token`` and ``expires`` are paths in its answer, and the value is sent in ``header``
    after ``prefix``; it is renewed ``renew_seconds`` before it expires and once after a 401 or 403. A time without a zone is read in
    the way that gives the shortest remaining life, never more than ``lifetime_seconds``.
    query: ``value`` stands in the address of every call, as ``parameter``. oauth (RFC 6749): ``path`` is asked for a token by ``grant``,
    ``body`` being further members of the form; the client is named as ``client`` says; the token is sent as "Authorization: Bearer".
    ``origin``: where ``path`` is, if it is not on the system's own, after base_path. A refresh token that the answer replaces is kept in a
    file beside the state before it is used; ``refresh_token`` is the first of them.
    """

    kind: Literal["none", "header", "bearer", "basic", "token", "query", "oauth"] = "none"
    header: str = "Authorization"
    prefix: str = ""
    value: str | None = None
    user: str | None = None
    password: str | None = None
    method: Method = "POST"
    path: str | None = None
    body: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    token: str = "value"
    expires: str | None = None
    lifetime_seconds: float | None = None
    renew_seconds: float = 60.0
    parameter: str | None = None
    grant: Literal["client_credentials", "refresh_token"] = "client_credentials"
    origin: str | None = None
    client: Literal["basic", "body"] = "basic"
    client_id: str | None = None
    client_secret: str | None = None
    refresh_token: str | None = None
    scope: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the host bears.

    ``concurrency``: calls at once. ``per_second``: calls started in a second, 0 unlimited. ``deadline_seconds``: for one call, from
    connecting to the last byte; a retry has its own. ``retries``: of a read. ``longest_wait_seconds``: in all, for one call that is told
    to wait. ``body_megabytes``: the largest answer that is taken, unpacked. ``settles_seconds``: how long after a call was given up the
    server may still carry it out; before that, finding no copy of an unanswered create proves nothing.
    """

    concurrency: int = 32
    per_second: float = 0.0
    deadline_seconds: float = 30.0
    retries: int = 4
    longest_wait_seconds: float = 120.0
    body_megabytes: int = 64
    settles_seconds: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemClock:
    """How the system tells time: zoned or naive, the zone of naive times, how fine they are, how late a change may show (seconds).

    ``format``: how it is asked for a time; seconds and milliseconds count from 1970. A time that is a number is read as seconds, or as
    milliseconds where it would be after the year 5000 otherwise; one that is before 1973 is none.
    """

    format: Literal["zoned", "naive", "seconds", "milliseconds"] = "zoned"
    zone: str = "UTC"
    granularity_seconds: float = 0.001
    lag_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """How pages follow each other.

    none: one page; page: ``parameter`` counts from ``start`` until a page is empty or ``total`` is reached; offset: ``parameter`` takes the
    number of records before the page, with the same end; cursor: ``next`` is a path in the body whose value goes into ``parameter``;
    next_link: ``next`` is a path in the body that holds an address; link_header: rel=next, or the address in the header named ``next``;
    keyset: each parameter of ``keys`` takes the value at its path in the last record of the page, until a page is empty.
    ``total``: path of the number of records, compared with what came.
    """

    kind: Literal["none", "page", "offset", "cursor", "next_link", "link_header", "keyset"] = "none"
    parameter: str = "page"
    start: int = 1
    size_parameter: str | None = None
    size: int = 500
    next: str | None = None
    total: str | None = None
    keys: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A paged read. ``items``: path of the array in the body, "" for the body itself."""

    path: str
    query: dict[str, str] = field(default_factory=dict)
    items: str = ""
    paging: Paging = field(default_factory=Paging)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """How changes are read.

    since: the datatype's own listing, or ``listing``, with ``parameter``; feed: ``listing`` belongs to another datatype, its items that
    satisfy ``where`` only name (``id``) what changed, with their ``version`` where it is the record's own; an item for which
    ``gone_when`` of the datatype holds says that its record is deleted. ``clock``: path of the server's time in the body, "" for the
    Date header. ``overlap_seconds``: moved back before the call, at least granularity plus lag.
    """

    kind: Literal["since", "feed"] = "since"
    parameter: str = "updated_since"
    listing: Listing | None = None
    id: str | None = None
    version: str | None = None
    where: dict[str, Any] = field(default_factory=dict)
    clock: str = ""
    overlap_seconds: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """Where deleted records are listed; ``parameter`` takes the same time as Changes.parameter."""

    listing: Listing
    id: str
    parameter: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """Where a record is looked for by our reference. An item counts if ``compare`` (a path, crossing lists) equals the reference.

    ``items``: path of the array, "" for the body itself; a body that is one object counts as one item, a 404 as none. What is found is
    read in full. ``certain``: finding none proves that there is none; otherwise the search may lag.
    """

    path: str
    query: dict[str, str] = field(default_factory=dict)
    items: str = ""
    paging: Paging = field(default_factory=Paging)
    compare: str
    certain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Compute:
    """A value that the wire derives from other properties of the same item; exactly one of the two is given.

    ``multiply``: names or numbers, the product is sent; ``percent``: [part, whole], what is read is 100 x part / whole.
    """

    multiply: tuple[str | float, ...] | None = None
    percent: tuple[str, str] | None = None
    scale: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemShape:
    """How the items of a list property are written by one route.

    ``at``: path of the list in the body (default: the property's own). ``names``: item property -> path in the item; without any, all item
    properties that are not computed go by their own names. ``add``: constants, ``compute``: computed values, both by path in the item.
    """

    at: str | None = None
    names: dict[str, str] = field(default_factory=dict)
    add: dict[str, Any] = field(default_factory=dict)
    compute: dict[str, Compute] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A writing call. The properties it cannot carry follow through ``update`` and the groups.

    ``at``: path in the body under which everything that is sent goes. ``requires``: the first create route whose required properties are
    all given (not null) is taken.
    ``names``: property -> path in the body, before the property's own ``create`` or ``update`` name; with ``only_names`` nothing else is
    sent but ``lists`` and ``add``. ``answer``: path of the record in the answer, or null when the answer carries none and the record is
    read back. ``find``: how a copy that this route made, unanswered, is found; a create route without one is not looked for.
    """

    path: str
    method: Method = "POST"
    query: dict[str, str] = field(default_factory=dict)
    at: str = ""
    requires: tuple[str, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    only_names: bool = False
    lists: dict[str, ItemShape] = field(default_factory=dict)
    add: dict[str, Any] = field(default_factory=dict)
    answer: str | None = ""
    find: Find | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Properties that live together in a sub-resource, or in one item of a list of the record.

    ``list`` + ``where``: the item of that list whose members have these values; ``object``: a member object. ``current``: path of the
    item's end: an item that has ended does not count; of several the last started (``started``) does, of equals the last in the list.
    ``write``: the call that posts the item (several groups of one path go in one call when ``wrap`` is array); null: it goes into the
    record's own body at ``list``, as an array of items, or at ``object``. ``replace``: the call instead when the item exists already.
    ``add``: constants of a posted item. ``whole``: all properties of the group are sent, the unchanged ones from the record as just read.
    ``clear``: constants that are sent over the item when all of its properties become empty. ``answer``: path of the items in the answer.
    """

    list: str | None = None
    object: str | None = None
    where: dict[str, Any] = field(default_factory=dict)
    current: str | None = None
    started: str | None = None
    write: Route | None = None
    replace: Route | None = None
    wrap: Literal["array", "object"] = "object"
    add: dict[str, Any] = field(default_factory=dict)
    whole: bool = True
    clear: dict[str, Any] | None = None
    answer: str | None = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One property as the system knows it.

    ``path``: where it is read (default: its name). ``create``, ``update``: its name in those bodies (default: ``path``), false: cannot
    be written then. ``format``: for date "date" or "midnight" (a naive time at 00:00:00); for instant "zoned" or "naive"; for decimal
    and integer "number" or "text". ``precision_seconds``: of an instant. ``clearing``: what is sent to empty it.
    ``items``: of a list. ``personal``: says something about a person.
    """

    type: PropertyType = "string"
    path: str | None = None
    group: str | None = None
    create: str | bool = True
    update: str | bool = True
    format: Literal["date", "midnight", "zoned", "naive", "number", "text"] | None = None
    scale: int | None = None
    precision_seconds: float = 1.0
    max_length: int | None = None
    options: tuple[Any, ...] | None = None
    clearing: Literal["null", "empty"] = "null"
    compute: Compute | None = None
    items: dict[str, "Property"] = field(default_factory=dict)
    personal: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional:
    """How a write states the version it was planned against: ``header`` carries ``format`` with ``{version}``.

    ``property``: the path in the body of an update that carries it instead, as ``written``.
    """

    header: str = "If-Match"
    format: str = '"{version}"'
    property: str | None = None
    written: Literal["number", "text"] = "number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A member of a record and what it says: ``equals`` a value, or ``present`` (neither absent nor null)."""

    path: str
    equals: Any = None
    present: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Datatype:
    """A kind of record: where it is listed, read and written, and what its properties are.

    ``gone_when``: the record is deleted if one of these holds. ``ignore_when``: the record is never looked at (technical ones).
    ``version`` that is the same path as ``modified`` is a time: it is only believed when it is older than the clock's granularity and lag,
    unless ``unique_version`` says that no two changes have the same. ``record``: path of the record in what ``read`` answers.
    ``reference``: the property that can carry our reference. ``writable``: an update is possible at all.
    """

    id: str
    version: str | None = None
    modified: str | None = None
    unique_version: bool = False
    list: Listing
    changes: Changes | None = None
    deleted: Deleted | None = None
    read: str | None = None
    record: str = ""
    create: tuple[Route, ...] = ()
    update: Route | None = None
    delete: Route | None = None
    conditional: Conditional | None = None
    idempotency_header: str | None = None
    reference: str | None = None
    gone_when: tuple[Condition, ...] = ()
    ignore_when: tuple[Condition, ...] = ()
    groups: dict[str, Group] = field(default_factory=dict)
    properties: dict[str, Property]
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call with a body in which a text that is {url}, {secret}, {id} or {ends} as a whole stands for that."""

    path: str
    method: Method = "POST"
    body: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """How Accord has itself told of changes. ``id``, ``expires``: paths in what ``create`` and ``renew`` answer.
    Without ``expires`` a registration lives for ``lifetime_seconds``, without either for ever. After two thirds of its life it is renewed;
    without ``renew`` another one is created. ``remove``: takes an older one back.
    """

    create: Call
    id: str = "id"
    expires: str | None = None
    lifetime_seconds: float | None = None
    renew: Call | None = None
    remove: Call | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhooks:
    """How the system announces changes, and how it is known that it is the system.

    standard: id.time.body is signed (HMAC-SHA256, base64), as standardwebhooks.com has it; hmac: ``header`` carries one or several
    signatures, each after ``prefix``, of what ``signs`` says; secret: ``header`` carries ``prefix`` and the secret; none: anybody may
    announce, which ``accept_unsigned`` must grant. ``previous_secret``: still accepted while the secret is being replaced.
    ``items``: path of an array of events in the body; without it the body is one event. ``datatype`` and ``id`` are paths in the event,
    ``datatype_header`` carries the word instead; an event whose word is not in ``datatypes`` is none of ours. ``quiet_seconds``: a record
    is read when nothing more has come for it for so long, at the latest ``quiet_at_most_seconds`` after the first.
    """

    kind: Literal["standard", "hmac", "secret", "none"] = "standard"
    secret: str | None = None
    previous_secret: str | None = None
    header: str | None = None
    prefix: str = ""
    algorithm: Literal["sha256", "sha1", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    signs: str = "{body}"
    id_header: str | None = None
    time_header: str | None = None
    accept_unsigned: bool = False
    items: str | None = None
    datatype: str | None = None
    datatype_header: str | None = None
    id: str
    datatypes: dict[str, str]
    quiet_seconds: float = 0.0
    quiet_at_most_seconds: float = 10.0
    registration: Registration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A system: origin, signing in, limits, clock and datatypes. ``manifest`` is the version of this format (1), ``kind`` that of system.
    ``private_hosts``: the origin may lead into a private network, there also over http. Without it only https to public addresses, and
    this machine where the origin names it (127.0.0.1, ::1, localhost). Over http a public address is never called.
    """

    manifest: Literal[1]
    kind: str = "rest"
    system: str
    origin: str
    base_path: str = ""
    private_hosts: bool = False
    certificate_authority: str | None = None
    authentication: Authentication = field(default_factory=Authentication)
    headers: dict[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    clock: SystemClock = field(default_factory=SystemClock)
    webhooks: Webhooks | None = None
    datatypes: dict[str, Datatype]
