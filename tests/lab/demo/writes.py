"""Customers of the sample shop: small transactions of every sort, about 200 a second, until SIGTERM."""

import json
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from pymysql.connections import Connection

from tests.lab.demo import shop
from tests.lab.servers import Server

TRANSACTIONS_PER_SECOND = 200


class Shop:
    """Each method is one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._chance = random.Random(2024)
        self._last_order = shop.ORDERS

    def order(self) -> None:
        """A new order of a few products, which come out of the stock."""
        self._last_order += 1
        customer, total = self._customer(), self._chance.randrange(100, 100000) / 100
        self._run(
            "INSERT INTO orders (id, customer_id, placed, total) VALUES (%s, %s, UTC_TIMESTAMP(6), %s)",
            self._last_order,
            customer,
            total,
        )
        for line in range(1, self._chance.randrange(2, 5)):
            sku = self._sku()
            self._run(
                "INSERT INTO order_items (order_id, line, sku, quantity, price) VALUES (%s, %s, %s, 1, %s)",
                self._last_order,
                line,
                sku,
                total,
            )
            self._run(
                "UPDATE inventory SET on_hand = on_hand - 1 WHERE warehouse = %s AND sku = %s",
                self._chance.choice(shop.WAREHOUSES),
                sku,
            )
        self._audit(customer, "order", order=self._last_order, total=total)

    def ship(self) -> None:
        """The state and the note of an order."""
        note = self._chance.choice([None, "rang twice\tno answer", "déjà livré 📦", "back\\slash"])
        self._run(
            "UPDATE orders SET status = %s, note = %s WHERE id = %s",
            self._chance.choice(["paid", "shipped", "returned"]),
            note,
            self._order(),
        )

    def cancel(self) -> None:
        """An order that goes, with its items."""
        order = self._order()
        self._run("DELETE FROM order_items WHERE order_id = %s", order)
        self._run("DELETE FROM orders WHERE id = %s", order)

    def change_customer(self) -> None:
        """JSON, a set, money and bytes of one row."""
        preferences = json.dumps(
            {"newsletter": self._chance.random() < 0.5, "ratio": self._chance.random(), "ø": [1, None]}
        )
        self._run(
            "UPDATE customers SET preferences = %s, interests = %s, photo = %s, credit = credit + 0.01 WHERE id = %s",
            preferences,
            self._chance.randrange(32),
            self._chance.randbytes(40),
            self._customer(),
        )

    def move_customer(self) -> None:
        """Another primary key, and with it another value of a unique key."""
        customer = self._customer()
        self._run(
            "UPDATE IGNORE customers SET id = id + 1000000, email = CONCAT('moved.', email) WHERE id = %s", customer
        )

    def rename_product(self) -> None:
        """A key of text that changes in one table and in those that speak of it."""
        old, new = self._sku(), f"NEW-{self._chance.randrange(10**6):06}"
        self._run("UPDATE IGNORE products SET sku = %s, price = price * 1.1 WHERE sku = %s", new, old)
        self._run("UPDATE IGNORE inventory SET sku = %s WHERE sku = %s", new, old)

    def count_stock(self) -> None:
        """Many rows in one statement."""
        self._run(
            "UPDATE inventory SET on_hand = on_hand + %s, counted = UTC_DATE() WHERE sku = %s",
            self._chance.randrange(-5, 50),
            self._sku(),
        )

    def log_in(self) -> None:
        """Rows in a table without a key, the same ones more than once; now and then some go."""
        customer = self._chance.randrange(500)
        self._audit(customer, "login", repeated=True)
        self._audit(customer, "login", repeated=True)
        self._run("DELETE FROM audit_log WHERE actor = %s LIMIT 1", f"user{self._chance.randrange(500)}")

    def _audit(self, customer: int, action: str, **detail: Any) -> None:
        self._run(
            "INSERT INTO audit_log VALUES (FROM_UNIXTIME(%s), %s, %s, %s)",
            int(time.time()),
            f"user{customer}",
            action,
            json.dumps(detail),
        )

    def _customer(self) -> int:
        return self._chance.randrange(1, shop.CUSTOMERS + 1)

    def _order(self) -> int:
        return self._chance.randrange(1, self._last_order + 1)

    def _sku(self) -> str:
        return f"SKU-{self._chance.randrange(1, shop.PRODUCTS + 1):06}"

    def _run(self, statement: str, *values: Any) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values)


def main(url: str, report: Path) -> None:
    """Writes until SIGTERM, then leaves the number of transactions of each sort in `report`."""
    stopped: list[int] = []

    def stop(number: int, _: FrameType | None) -> None:
        stopped.append(number)

    signal.signal(signal.SIGTERM, stop)
    connection = Server.at(url).connect(
        database=shop.DATABASE, autocommit=False, init_command="SET time_zone = '+00:00'"
    )
    customers = Shop(connection)
    transactions: dict[Callable[[], None], int] = {
        customers.order: 40,
        customers.ship: 20,
        customers.change_customer: 10,
        customers.log_in: 10,
        customers.count_stock: 10,
        customers.cancel: 6,
        customers.move_customer: 2,
        customers.rename_product: 2,
    }
    chance = random.Random(7)
    done: Counter[str] = Counter()
    began = time.monotonic()
    while not stopped:
        (transaction,) = chance.choices(list(transactions), list(transactions.values()))
        transaction()
        connection.commit()
        done[transaction.__name__] += 1
        early_seconds = began + done.total() / TRANSACTIONS_PER_SECOND - time.monotonic()
        if early_seconds > 0:
            time.sleep(early_seconds)
        elif early_seconds < -1:
            began -= early_seconds  # a busy machine: do not make up for it in one burst
    seconds = time.monotonic() - began
    report.write_text(json.dumps({"transactions": done, "per_second": round(done.total() / seconds)}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
