-- A CRM in PostgreSQL. Its own application keeps version and time of change by a trigger, as many do.
CREATE SEQUENCE numbers START 900000;
CREATE FUNCTION versioned() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.version := OLD.version + 1; NEW.updated_at := clock_timestamp(); RETURN NEW; END $$;
CREATE TABLE contacts (
    id text PRIMARY KEY DEFAULT 'CO-' || nextval('numbers'),
    version bigint NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    external_id text UNIQUE,
    first_name text,
    last_name text,
    email text,
    phone text,
    mobile text,
    street_address_1 text,
    zip_code text,
    city text,
    country text,
    birth_date date,
    gender text,
    allow_sms boolean,
    allow_email boolean);
CREATE TRIGGER versioned BEFORE UPDATE ON contacts FOR EACH ROW EXECUTE FUNCTION versioned();
CREATE TABLE customers (
    id text PRIMARY KEY DEFAULT 'CU-' || nextval('numbers'),
    version bigint NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    external_id text UNIQUE,
    name text,
    description text,
    organisation_number text,
    email text,
    phone text,
    fax text,
    website text,
    invoice_email text,
    street_address_1 text,
    street_address_2 text,
    zip_code text,
    city text,
    country text);
CREATE TRIGGER versioned BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION versioned();
CREATE TABLE orders (
    id text PRIMARY KEY DEFAULT 'OR-' || nextval('numbers'),
    version bigint NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    external_id text UNIQUE,
    number text,
    status text,
    order_date date,
    due_date date,
    finance_status text,
    payer_id text);
CREATE TRIGGER versioned BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION versioned();
CREATE TABLE order_lines (
    order_id text NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    line_number integer NOT NULL,
    product_number text,
    description text,
    quantity numeric(14, 3),
    unit_price numeric(14, 2),
    vat_percent numeric(14, 1),
    PRIMARY KEY (order_id, line_number));
CREATE TABLE products (
    id text PRIMARY KEY DEFAULT 'PR-' || nextval('numbers'),
    version bigint NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    external_id text UNIQUE,
    number text,
    name text,
    price numeric(14, 2),
    vat_percent numeric(14, 1),
    active boolean);
CREATE TRIGGER versioned BEFORE UPDATE ON products FOR EACH ROW EXECUTE FUNCTION versioned();
CREATE TABLE quotes (
    id text PRIMARY KEY DEFAULT 'QU-' || nextval('numbers'),
    version bigint NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    external_id text UNIQUE,
    number text,
    status text,
    quote_date date,
    valid_until date,
    finance_status text,
    payer_id text);
CREATE TRIGGER versioned BEFORE UPDATE ON quotes FOR EACH ROW EXECUTE FUNCTION versioned();
CREATE TABLE quote_lines (
    quote_id text NOT NULL REFERENCES quotes (id) ON DELETE CASCADE,
    line_number integer NOT NULL,
    product_number text,
    description text,
    quantity numeric(14, 3),
    unit_price numeric(14, 2),
    vat_percent numeric(14, 1),
    PRIMARY KEY (quote_id, line_number));
CREATE TABLE users (
    id text PRIMARY KEY DEFAULT 'US-' || nextval('numbers'),
    version bigint NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    external_id text UNIQUE,
    name text,
    email text);
CREATE TRIGGER versioned BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION versioned();
