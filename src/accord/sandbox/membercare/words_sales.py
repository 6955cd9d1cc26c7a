"""Invoices and products: the members that the public API names, what may be sent, and what the lenient calls add.

Owns: the shapes. Does not own: the rules (invoices.py, products.py). ``externalId`` is there in lenient mode only (UNSET is not written).
"""

from msgspec import UNSET, Struct, UnsetType, field

from accord.sandbox.membercare.words_common import Anything, FinanceDimensions, FinanceStatus, Naive, Things, UnitType


class Payer(Struct, rename="camel", kw_only=True):
    """The debtor of an invoice, in short."""

    debtor_account_number: str
    name: str | None = None
    member_type: UnitType | None = None


class InvoiceItem(Struct, rename="camel", kw_only=True):
    """One line. ``totalPrice`` and ``totalVat`` are of the whole line; prices are without VAT."""

    url: str | None = None
    id: int
    buyer: Payer | None = None
    description: str | None = None
    unit_price: float | None = None
    quantity: float | None = None
    total_price: float | None = None
    total_vat: float | None = None
    finance_dimensions: FinanceDimensions | None = None
    sequence: int
    credited_invoice_item_id: int | None = None
    credited_invoice_link: str | None = None
    invoice_link: str | None = None
    is_credited: bool = False
    fee_info: Anything = None
    subscription_info: Anything = None


class InvoiceText(Struct, rename="camel", kw_only=True):
    """A labelled text on an invoice."""

    label_id: int | None = None
    label: str
    value: str | None = None


class Who(Struct, rename="camel", kw_only=True):
    """The person on whose behalf something was made."""

    debtor_account_number: str
    first_name: str | None = None
    last_name: str | None = None
    initials: str | None = None


class CreationInfo(Struct, kw_only=True):
    """When and by whom something was made."""

    when: Naive
    who: Who


class Invoice(Struct, rename="camel", kw_only=True):
    """An invoice, as read."""

    url: str | None = None
    id: int
    payer: Payer | None
    send_invoice_to: Payer | None = None
    deliver_products_to: Payer | None = None
    finance_status: FinanceStatus = 0
    finance_date: Naive | None = None
    pay_due_date: Naive | None = None
    income_date: Naive | None = None
    credited_invoice_id: int | None = None
    credited_invoice_link: str | None = None
    e_invoice_info: Anything = None
    source: int = 5
    payments: Things = field(default_factory=list)
    invoice_items: list[InvoiceItem] = field(default_factory=list)
    invoice_texts: list[InvoiceText] = field(default_factory=list)
    recurring_payment_identification: str | None = None
    creation_info: CreationInfo | None = None
    external_id: str | None | UnsetType = UNSET


class StatusPatch(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """All that the public API lets one change of an invoice."""

    id: int | None = None
    finance_status: FinanceStatus | UnsetType = UNSET


class GivenItem(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """A line as sent to the lenient calls; the total is computed."""

    sequence: int
    description: str | None = None
    quantity: float
    unit_price: float
    total_vat: float | None = None
    finance_dimensions: FinanceDimensions | None = None


class LenientInvoice(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """What the lenient calls take. ``invoiceItems`` are all lines; ``invoiceTexts`` are put in by label, a null value takes one out."""

    id: int | None = None
    payer: Payer | UnsetType = UNSET
    finance_status: FinanceStatus | UnsetType = UNSET
    pay_due_date: Naive | None | UnsetType = UNSET
    income_date: Naive | None | UnsetType = UNSET
    invoice_items: list[GivenItem] | UnsetType = UNSET
    invoice_texts: list[InvoiceText] | UnsetType = UNSET
    external_id: str | None | UnsetType = UNSET


class ExternalPurchaseItem(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """A line of a purchase: ``amount`` is how many; the price is of the whole line."""

    url: str | None = None
    description: str | None = None
    amount: float
    total_price_without_vat: float
    sequence: int | None = None
    finance_dimensions: FinanceDimensions | None = None
    total_vat: float | None = None
    external_source_identification: str | None = None


class ExternalPurchase(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """What becomes an invoice."""

    url: str | None = None
    debtor_account_number: str
    external_purchase_items: list[ExternalPurchaseItem]
    payment: Anything = None
    make_recurring_payment: bool | None = None


class ProductGroup(Struct, rename="camel", kw_only=True):
    """A group of products."""

    id: int
    name: str | None = None
    valid: bool | None = True
    url: str | None = None


class Product(Struct, rename="camel", kw_only=True):
    """A product, as read; it has no price."""

    url: str | None = None
    id: int
    product_group: ProductGroup | None = None
    finance_dimensions: FinanceDimensions | None = None
    name: str | None = None
    vat_percent: float | None = None
    not_on_invoice_if_zero: bool | None = False
    context: int | None = 16
    valid: bool | None = True
    external_id: str | None | UnsetType = UNSET


class GivenDimensions(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """Some of the finance dimensions."""

    product_identification: str | None | UnsetType = UNSET
    department: str | None | UnsetType = UNSET
    dimension3: str | None | UnsetType = UNSET
    dimension4: str | None | UnsetType = UNSET
    dimension5: str | None | UnsetType = UNSET


class LenientProduct(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """What the lenient calls take. Absent leaves a member alone; of the dimensions, too, only those given change."""

    name: str | None | UnsetType = UNSET
    vat_percent: float | None | UnsetType = UNSET
    valid: bool | None | UnsetType = UNSET
    finance_dimensions: GivenDimensions | UnsetType = UNSET
    external_id: str | None | UnsetType = UNSET
