"""The calls under /invoices and /externalPurchase.

Owns: making invoices of purchases, the finance status, and the lenient calls that the public API has not. Does not own: payers (tenant.py).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from accord.sandbox.membercare.paging import PARAMETERS, envelope, page
from accord.sandbox.membercare.tenant import Tenant, decoded
from accord.sandbox.membercare.words_common import FinanceDimensions
from accord.sandbox.membercare.words_sales import (
    CreationInfo,
    ExternalPurchase,
    ExternalPurchaseItem,
    GivenItem,
    Invoice,
    InvoiceItem,
    InvoiceText,
    LenientInvoice,
    StatusPatch,
    Who,
)
from accord.sandbox.web import Answer, Parameter, Refusal, Request, Route

DAYS_TO_PAY = timedelta(days=14)
BASE = "/api/v1/invoices"
ONE = "/api/v1/invoices/{id}"
UNIT_PRICE_DIGITS = 4


class _Status(msgspec.Struct, rename="camel"):
    finance_status: int


class Invoices:
    """The calls; in strict mode only those of the public API."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._lenient = not tenant.settings.strict
        self._patch: type[LenientInvoice | StatusPatch] = LenientInvoice if self._lenient else StatusPatch
        self._status = msgspec.json.Decoder(_Status)

    def routes(self) -> tuple[Route, ...]:
        """The routes, with what describes them."""
        paged = envelope(Invoice, "Invoice")
        public = (
            Route("GET", BASE, self.listing, "List invoices", (*PARAMETERS, Parameter("financeStatus", "integer")), answer=paged),
            Route("GET", ONE, self.get, "Read an invoice", answer=Invoice),
            Route("PATCH", ONE, self.patch, "Change an invoice", body=self._patch, answer=Invoice),
            Route("PUT", ONE, self.patch, "Change an invoice", body=self._patch, answer=Invoice),
            Route("POST", "/api/v1/externalPurchase", self.purchase, "Purchase", body=ExternalPurchase, answer=Invoice),
        )
        if not self._lenient:
            return public
        external = (Parameter("externalId"),)
        return (
            *public,
            Route("POST", BASE, self.create, "Create an invoice (lenient)", body=LenientInvoice, answer=Invoice),
            Route("GET", f"{BASE}/search/by/externalid", self.find, "Find one by externalId (lenient)", external, answer=Invoice),
        )

    def listing(self, request: Request) -> Answer:
        keys = self._tenant.invoices.keys
        wanted = request.query.get("financeStatus")
        if wanted:
            keys = [key for key, body in zip(keys, self._tenant.invoices.bodies(keys), strict=True) if self._has_status(body, wanted)]
        return page(request, self._tenant.settings.origin, keys, self._bodies)

    def _has_status(self, body: bytes, wanted: str) -> bool:
        return str(self._status.decode(body).finance_status) == wanted

    def _bodies(self, keys: Sequence[int]) -> Iterator[bytes]:
        return self._tenant.invoices.bodies(keys)

    def get(self, request: Request) -> Answer:
        return Answer(body=self._tenant.invoices.body(self._read(request).id) or b"")

    def find(self, request: Request) -> Answer:
        external_id = request.query.get("externalId", "")
        found = self._tenant.invoices.with_external_id(external_id)
        if not found:
            raise Refusal(404, f"No invoice has the externalId {external_id}.")
        return Answer(body=self._tenant.invoices.body(found[0]) or b"")

    def patch(self, request: Request) -> Answer:
        invoice = self._read(request)
        patch = decoded(request.body, self._patch)
        if patch.id not in (None, invoice.id):
            raise Refusal(400, "The id in the body is another than that in the path.")
        if isinstance(patch, StatusPatch):
            if patch.finance_status is not msgspec.UNSET:
                invoice.finance_status = patch.finance_status
        else:
            self._take(invoice, patch)
        return Answer(body=self._tenant.put_invoice(invoice))

    def create(self, request: Request) -> Answer:
        given = decoded(request.body, LenientInvoice)
        invoice = self._new(None if given.payer is msgspec.UNSET else given.payer.debtor_account_number)
        self._take(invoice, given)
        return Answer(body=self._tenant.put_invoice(invoice))

    def purchase(self, request: Request) -> Answer:
        """An invoice of the purchased items, due in two weeks. Nothing keeps a repeat from making a second one."""
        given = decoded(request.body, ExternalPurchase)
        if not given.external_purchase_items:
            raise Refusal(400, "externalPurchaseItems must not be empty.")
        if any(not item.amount for item in given.external_purchase_items):
            raise Refusal(400, "amount must not be 0.")
        invoice = self._new(given.debtor_account_number)
        invoice.invoice_items = [self._purchased(item, place) for place, item in enumerate(given.external_purchase_items, 1)]
        invoice.payments = [given.payment] if given.payment else []
        return Answer(body=self._tenant.put_invoice(invoice))

    def _new(self, payer: str | None) -> Invoice:
        """An invoice without lines, for this payer or, in lenient mode, for nobody yet. Raises Refusal(404)."""
        debtor = None if payer is None else self._tenant.payer(payer)
        now = self._tenant.time()
        day = now.replace(hour=0, minute=0, second=0)
        number = self._tenant.next_id("invoice")
        invoice = Invoice(id=number, payer=debtor, finance_date=day, pay_due_date=day + DAYS_TO_PAY, income_date=day)
        invoice.url = f"{self._tenant.base}/invoices/{number}"
        invoice.creation_info = self._creation(now)
        if self._lenient:
            invoice.external_id = None
        return invoice

    def _creation(self, now: datetime) -> CreationInfo:
        who = Who(debtor_account_number=self._tenant.settings.person, first_name="CRM", last_name="Integration")
        return CreationInfo(when=now, who=who)

    def _purchased(self, item: ExternalPurchaseItem, place: int) -> InvoiceItem:
        return InvoiceItem(
            id=self._tenant.next_id("item"),
            sequence=place if item.sequence is None else item.sequence,
            description=item.description,
            quantity=item.amount,
            unit_price=round(item.total_price_without_vat / item.amount, UNIT_PRICE_DIGITS),
            total_price=item.total_price_without_vat,
            total_vat=item.total_vat or 0.0,
            finance_dimensions=item.finance_dimensions or FinanceDimensions(),
        )

    def _take(self, invoice: Invoice, given: LenientInvoice) -> None:
        if given.payer is not msgspec.UNSET:
            invoice.payer = self._tenant.payer(given.payer.debtor_account_number)
        if given.invoice_items is not msgspec.UNSET:
            invoice.invoice_items = self._lines(invoice, given.invoice_items)
        if given.invoice_texts is not msgspec.UNSET:
            invoice.invoice_texts = self._texts(invoice, given.invoice_texts)
        for name in ("finance_status", "pay_due_date", "income_date", "external_id"):
            value = getattr(given, name)
            if value is not msgspec.UNSET:
                setattr(invoice, name, value)

    def _lines(self, invoice: Invoice, given: Sequence[GivenItem]) -> list[InvoiceItem]:
        """All lines anew; a line keeps the id that its sequence had. Raises Refusal(400) for a sequence that comes twice."""
        before = {item.sequence: item.id for item in invoice.invoice_items}
        if len({item.sequence for item in given}) != len(given):
            raise Refusal(400, "sequence must be unique in the invoice.")
        return [
            InvoiceItem(
                id=before.get(item.sequence) or self._tenant.next_id("item"),
                sequence=item.sequence,
                description=item.description,
                quantity=item.quantity,
                unit_price=item.unit_price,
                total_price=round(item.quantity * item.unit_price, 2),
                total_vat=item.total_vat or 0.0,
                finance_dimensions=item.finance_dimensions or FinanceDimensions(),
            )
            for item in given
        ]

    def _texts(self, invoice: Invoice, given: Sequence[InvoiceText]) -> list[InvoiceText]:
        texts = {text.label: text for text in invoice.invoice_texts}
        texts |= {text.label: self._tenant.labelled(text) for text in given}
        return [text for text in texts.values() if text.value is not None]

    def _read(self, request: Request) -> Invoice:
        text = request.values[0]
        invoice = self._tenant.invoices.get(int(text)) if text.isdecimal() else None
        if invoice is None:
            raise Refusal(404, f"Invoice {text} does not exist.")
        return invoice
