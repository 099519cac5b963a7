"""The project that most of the agents work on: a small shop in Python, with tests."""

from __future__ import annotations

SHOP = {
    "README.md": "# shop\n\nA small shop: carts, prices, orders.\n\nTests: `python -m pytest -q`\n",
    "shop/__init__.py": "",
    "shop/money.py": (
        "import decimal\nfrom decimal import Decimal\n\nCENT = Decimal('0.01')\n\n\n"
        "def rounded(amount: Decimal) -> Decimal:\n"
        "    return amount.quantize(CENT, rounding=decimal.ROUND_HALF_UP)\n\n\n"
        "def with_tax(amount: Decimal, rate: Decimal) -> Decimal:\n"
        "    return rounded(amount * (1 + rate))\n"
    ),
    "shop/cart.py": (
        "from decimal import Decimal\n\nfrom shop.money import rounded\n\n\n"
        "class Cart:\n    def __init__(self):\n        self.lines = []\n\n"
        "    def add(self, name, price, count=1):\n"
        "        self.lines.append((name, Decimal(price), count))\n\n"
        "    def total(self):\n"
        "        return rounded(sum((price * count for _, price, count in self.lines), Decimal(0)))\n\n"
        "    def discount(self, percent):\n"
        "        return rounded(self.total() * (100 + Decimal(percent)) / 100)\n"
    ),
    "shop/orders.py": (
        "import json\nfrom pathlib import Path\n\n\n"
        "def save(folder, number, order):\n"
        "    Path(folder, f'{number}.json').write_text(json.dumps(order))\n\n\n"
        "def load(folder, number):\n"
        "    return json.loads(Path(folder, f'{number}.json').read_text())\n\n\n"
        "def numbers(folder):\n"
        "    return sorted(int(each.stem) for each in Path(folder).glob('*.json'))\n"
    ),
    "shop/mail.py": (
        "def receipt(order):\n"
        "    lines = [f\"{each['name']}: {each['price']}\" for each in order['lines']]\n"
        "    return '\\n'.join(['Thank you for your order.', *lines])\n"
    ),
    "tests/test_cart.py": (
        "from decimal import Decimal\n\nfrom shop.cart import Cart\n\n\n"
        "def test_the_total_is_the_sum_of_the_lines():\n"
        "    cart = Cart()\n    cart.add('tea', '2.50', 2)\n    cart.add('cup', '4.00')\n"
        "    assert cart.total() == Decimal('9.00')\n\n\n"
        "def test_a_discount_makes_it_cheaper():\n"
        "    cart = Cart()\n    cart.add('tea', '10.00')\n"
        "    assert cart.discount(10) == Decimal('9.00')\n"
    ),
    "tests/test_orders.py": (
        "from shop import orders\n\n\n"
        "def test_an_order_is_read_as_it_was_saved(tmp_path):\n"
        "    orders.save(tmp_path, 7, {'lines': []})\n"
        "    assert orders.load(tmp_path, 7) == {'lines': []}\n"
    ),
    "conftest.py": "",
    ".gitignore": "__pycache__/\n.pytest_cache/\n",
}

TEST = "python -B -m pytest -q -p no:cacheprovider 2>&1 | tail -25"
COMMIT = "git add -A && git commit -qm "
