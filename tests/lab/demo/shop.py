"""The sample database: a shop with about a million rows, keyed in every way, and one table without a key."""

from tests.lab.servers import Server

DATABASE = "demo_shop"
USER = "migrator"
PASSWORD = "demo"  # of a server that only this machine can reach

TABLES = [
    """
    CREATE TABLE customers (
        id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
        email VARCHAR(120) NOT NULL UNIQUE,
        name VARCHAR(80) NOT NULL,
        country ENUM('DE', 'FR', 'JP', 'BR', 'US') NOT NULL,
        interests SET('books', 'music', 'garden', 'sports', 'travel') NOT NULL DEFAULT '',
        preferences JSON,
        credit DECIMAL(12, 2) NOT NULL DEFAULT 0,
        rating FLOAT,
        photo BLOB,
        created DATETIME(6) NOT NULL,
        KEY (country, created)
    )""",
    """
    CREATE TABLE products (
        sku VARCHAR(20) NOT NULL PRIMARY KEY,
        name VARCHAR(100) NOT NULL,
        price DECIMAL(10, 2) NOT NULL,
        weight_kilograms DOUBLE,
        attributes JSON,
        launched YEAR,
        active BIT(1) NOT NULL DEFAULT b'1'
    )""",
    """
    CREATE TABLE orders (
        id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
        customer_id INT UNSIGNED NOT NULL,
        status ENUM('new', 'paid', 'shipped', 'returned') NOT NULL DEFAULT 'new',
        placed DATETIME(6) NOT NULL,
        delivery_after TIME,
        total DECIMAL(14, 2) NOT NULL,
        note TEXT,
        changed TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
        KEY (customer_id),
        KEY (placed)
    )""",
    """
    CREATE TABLE order_items (
        order_id BIGINT UNSIGNED NOT NULL,
        line SMALLINT UNSIGNED NOT NULL,
        sku VARCHAR(20) NOT NULL,
        quantity SMALLINT NOT NULL,
        price DECIMAL(10, 2) NOT NULL,
        amount DECIMAL(14, 2) AS (quantity * price) STORED,
        PRIMARY KEY (order_id, line),
        KEY (sku)
    )""",
    """
    CREATE TABLE inventory (
        warehouse CHAR(3) NOT NULL,
        sku VARCHAR(20) NOT NULL,
        on_hand INT NOT NULL,
        reserved INT NOT NULL DEFAULT 0,
        counted DATE,
        PRIMARY KEY (warehouse, sku)
    )""",
    """
    CREATE TABLE audit_log (
        at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
        actor VARCHAR(40) NOT NULL,
        action VARCHAR(40) NOT NULL,
        detail JSON,
        KEY (actor)
    )""",
]

CUSTOMERS, PRODUCTS, ORDERS, ITEMS_PER_ORDER, AUDITS = 100_000, 10_000, 250_000, 2, 120_000
WAREHOUSES = ("HAM", "LYS", "OSA")

# `n` counts from 1; a checksum of it stands in for chance, so that every demo has the same rows.
ROWS = {
    "customers": (
        CUSTOMERS,
        """n, CONCAT('customer', n, '@example.com'), CONCAT('Zoë ', n, ' 😀'), 1 + n % 5, CRC32(n) % 32,
        JSON_OBJECT('newsletter', n % 2, 'colours', JSON_ARRAY('red', n % 7), 'ratio', n / 8), CRC32(n) % 100000 / 100,
        n % 50 / 10, UNHEX(SHA2(n, 256)), '2020-01-01' + INTERVAL CRC32(n) MICROSECOND""",
    ),
    "products": (
        PRODUCTS,
        """CONCAT('SKU-', LPAD(n, 6, '0')), CONCAT('Product ', n), CRC32(n) % 50000 / 100, n / 7,
        JSON_OBJECT('colour', ELT(1 + n % 3, 'red', 'grün', '青'), 'sizes', JSON_ARRAY(n % 10, n % 11 / 4)),
        2000 + n % 25, n % 2""",
    ),
    "orders": (
        ORDERS,
        f"""n, 1 + CRC32(n) % {CUSTOMERS}, 1 + n % 4, '2024-01-01' + INTERVAL n * 37000 MICROSECOND,
        SEC_TO_TIME(n % 300000), CRC32(n) % 200000 / 100, IF(n % 5, NULL, CONCAT('Leave at door ', n, '\\nor\\tring')),
        '2024-06-01' + INTERVAL n SECOND""",
    ),
    "order_items (order_id, line, sku, quantity, price)": (
        ORDERS * ITEMS_PER_ORDER,
        f"""1 + (n - 1) DIV {ITEMS_PER_ORDER}, 1 + (n - 1) % {ITEMS_PER_ORDER},
        CONCAT('SKU-', LPAD(1 + CRC32(n) % {PRODUCTS}, 6, '0')), 1 + n % 4, CRC32(n) % 50000 / 100""",
    ),
    "inventory": (
        PRODUCTS * len(WAREHOUSES),
        f"""ELT(1 + n % 3, {", ".join(f"'{name}'" for name in WAREHOUSES)}),
        CONCAT('SKU-', LPAD(1 + (n - 1) DIV 3, 6, '0')), 1000 + n % 500, 0, '2024-05-01' + INTERVAL n % 30 DAY""",
    ),
    "audit_log": (
        AUDITS,
        """'2024-01-01' + INTERVAL n SECOND, CONCAT('user', n % 500), ELT(1 + n % 3, 'login', 'view', 'logout'),
        IF(n % 4, NULL, JSON_OBJECT('page', n % 9))""",
    ),
}


def create(source: Server) -> int:
    """Makes the database, its rows and the user of the migration; the number of rows."""
    source.execute(
        f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4",
        f"USE {DATABASE}",
        *(table.strip() for table in TABLES),
        f"CREATE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}'",
        # What the documentation asks for, and no more.
        f"GRANT SELECT, LOCK TABLES, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO {USER}@'%'",
    )
    source.execute(
        "SET sql_log_bin = 0, time_zone = '+00:00', unique_checks = 0",
        f"USE {DATABASE}",
        "CREATE TEMPORARY TABLE thousand (n INT PRIMARY KEY)",
        "INSERT INTO thousand VALUES " + ", ".join(f"({n})" for n in range(1000)),
        "CREATE TEMPORARY TABLE thousands SELECT n * 1000 + 1 AS n FROM thousand",
        *(_insert(table, *rows) for table, rows in ROWS.items()),
    )
    return sum(rows for rows, _ in ROWS.values())


def _insert(table: str, rows: int, expressions: str) -> str:
    numbers = f"SELECT thousands.n + thousand.n AS n FROM thousands JOIN thousand HAVING n <= {rows}"
    return f"INSERT INTO {table} SELECT {expressions} FROM ({numbers}) AS numbers"
