"""The calls under /products.

Owns: reading products and groups, and the lenient calls that create and change them. Does not own: anything else.
"""

import msgspec

from accord.sandbox.membercare.paging import PARAMETERS, envelope, page
from accord.sandbox.membercare.tenant import Tenant, decoded
from accord.sandbox.membercare.words_common import FinanceDimensions
from accord.sandbox.membercare.words_sales import LenientProduct, Product, ProductGroup
from accord.sandbox.web import Answer, Parameter, Refusal, Request, Route, encoded

GROUP = ProductGroup(id=3, name="Materiell")
BASE = "/api/v1/products"
ONE = "/api/v1/products/{id}"


class Products:
    """The calls; in strict mode only those of the public API."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._lenient = not tenant.settings.strict

    def routes(self) -> tuple[Route, ...]:
        """The routes, with what describes them."""
        public = (
            Route("GET", BASE, self.listing, "List products", PARAMETERS, answer=envelope(Product, "Product")),
            Route("GET", f"{BASE}/groups", self.groups, "List groups", answer=list[ProductGroup]),
            Route("GET", ONE, self.get, "Read a product", answer=Product),
        )
        if not self._lenient:
            return (*public, Route("POST", "/_sandbox/pages/products", self.create, open=True))  # as in Membercare's own pages
        external = (Parameter("externalId"),)
        return (
            *public,
            Route("GET", f"{BASE}/search/by/externalid", self.find, "Find one by externalId (lenient)", external, answer=Product),
            Route("POST", BASE, self.create, "Create a product (lenient)", body=LenientProduct, answer=Product),
            Route("PATCH", ONE, self.patch, "Change a product (lenient)", body=LenientProduct, answer=Product),
        )

    def listing(self, request: Request) -> Answer:
        return page(request, self._tenant.settings.origin, self._tenant.products.keys, self._tenant.products.bodies)

    def groups(self, _: Request) -> Answer:
        return encoded([GROUP])

    def get(self, request: Request) -> Answer:
        return Answer(body=self._tenant.products.body(self._read(request).id) or b"")

    def find(self, request: Request) -> Answer:
        external_id = request.query.get("externalId", "")
        found = self._tenant.products.with_external_id(external_id)
        if not found:
            raise Refusal(404, f"No product has the externalId {external_id}.")
        return Answer(body=self._tenant.products.body(found[0]) or b"")

    def create(self, request: Request) -> Answer:
        given = decoded(request.body, LenientProduct)
        product = new_product(self._tenant)
        _take(product, given)
        return Answer(body=self._tenant.products.put(product.id, product))

    def patch(self, request: Request) -> Answer:
        product = self._read(request)
        _take(product, decoded(request.body, LenientProduct))
        return Answer(body=self._tenant.products.put(product.id, product))

    def _read(self, request: Request) -> Product:
        text = request.values[0]
        product = self._tenant.products.get(int(text)) if text.isdecimal() else None
        if product is None:
            raise Refusal(404, f"Product {text} does not exist.")
        return product


def new_product(tenant: Tenant) -> Product:
    """A product with a number and nothing else."""
    number = tenant.next_id("product")
    product = Product(id=number, url=f"{tenant.base}/products/{number}", product_group=GROUP, finance_dimensions=FinanceDimensions())
    if not tenant.settings.strict:
        product.external_id = None
    return product


def _take(product: Product, given: LenientProduct) -> None:
    for name in ("name", "vat_percent", "valid", "external_id"):
        value = getattr(given, name)
        if value is not msgspec.UNSET:
            setattr(product, name, value)
    if given.finance_dimensions is msgspec.UNSET:
        return
    product.finance_dimensions = product.finance_dimensions or FinanceDimensions()
    for name in given.finance_dimensions.__struct_fields__:
        value = getattr(given.finance_dimensions, name)
        if value is not msgspec.UNSET:
            setattr(product.finance_dimensions, name, value)
