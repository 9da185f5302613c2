"""The size lint counts what it says it counts."""

import lint_size


def _function(body_lines: int, docstring: str = "") -> str:
    return "def f():\n" + docstring + "    pass\n" * body_lines


def test_forty_lines_pass_and_forty_one_do_not() -> None:
    assert list(lint_size.check(_function(39), "x.py")) == []
    assert list(lint_size.check(_function(40), "x.py")) == ["x.py:1: f() has 41 lines, 40 allowed"]


def test_docstrings_and_decorators_are_free() -> None:
    docstring = '    """' + "Text.\n" * 30 + '    """\n'
    decorated = "@g(\n" + "    1,\n" * 30 + ")\n" + _function(39, docstring)
    assert list(lint_size.check(decorated, "x.py")) == []


def test_four_hundred_lines_pass_and_one_more_does_not() -> None:
    assert list(lint_size.check("x = 1\n" * 400, "x.py")) == []
    (finding,) = lint_size.check("x = 1\n" * 401, "x.py")
    assert finding.startswith("x.py:1: 401 lines")
    (finding,) = lint_size.check("// x\n" * 401, "x.js")
    assert finding.startswith("x.js:1: 401 lines")


def test_methods_and_coroutines_count_too() -> None:
    method = "class A:\n    async def m(self):\n" + "        pass\n" * 41
    assert [line.split(": ")[0] for line in lint_size.check(method, "x.py")] == ["x.py:2"]
