"""`hullwatch verify` as a command."""

import json
import sqlite3


def test_equal_is_zero_and_a_difference_is_eight_and_named(hullwatch, home):
    code, _, _ = hullwatch("demo", "--bench", "sim", "--for", "1min", "--db", "jar.db", "--json")
    assert code == 0
    code, out, _ = hullwatch("verify", "--db", "jar.db", "--json")
    assert (code, json.loads(out)["ok"]) == (0, True)
    code, out, _ = hullwatch("verify", "--db", "jar.db")
    assert " windows equal, 0 different, 0 not verifiable" in out
    with sqlite3.connect(home / "jar.db") as connection:
        connection.execute("UPDATE windows SET gas = 'helium' WHERE number = 5")
    code, out, err = hullwatch("verify", "--db", "jar.db", "--json")
    assert code == 8
    assert json.loads(out)["chain_breaks"] == 1
    assert "record 5 of node" in err
    assert "its row of windows says gas helium, its bytes air" in err
    assert hullwatch("verify", "--db", "jar.db", "--node", "abcd")[0] == 2
