"""The reader of grants: what it takes, and that it names the line and the fault of what it does not take."""

from __future__ import annotations

import pytest

from ethwire.constants import ZERO_ADDRESS
from keifu.errors import InputError
from keifu.tge import coins, parse_amount, read_csv
from keifu.units import COIN

FIRST = "0x52908400098527886E0F7030069857D2E4169EE7"
SECOND = "0xde709f2102306220921060314715629080e2fb77"
MIXED = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


@pytest.fixture
def csv(tmp_path):
    def write(*lines, header="account,total"):
        path = tmp_path / "grants.csv"
        path.write_text("\n".join([header, *lines]) + "\n")
        return path

    return write


def test_accounts_and_amounts_are_read_in_order(csv):
    grants = read_csv(csv(f"{FIRST},1143", f"{SECOND}, 0.000000000000000001", f"{MIXED},2.5"))
    assert grants.accounts == [FIRST.lower(), SECOND, MIXED.lower()]
    assert grants.totals == [1143 * COIN, 1, 5 * COIN // 2]
    assert grants.allocation == 1143 * COIN + 1 + 5 * COIN // 2


def test_a_total_line_and_an_expected_total_that_agree_are_taken(csv):
    path = csv(f"{FIRST},1", f"{SECOND},2", "total,3")
    assert read_csv(path, expected=3 * COIN).allocation == 3 * COIN


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "no grants"),
        (["total,0"], "no grants"),
        ([f"{FIRST},1", f"{FIRST.lower()},2"], ":3: 0x5290.* already has the grant of line 2"),
        ([ZERO_ADDRESS + ",1"], ":2: a grant to the zero address"),
        ([FIRST[:-1] + ",1"], ":2: .* is not an address"),
        ([FIRST[2:] + ",1"], ":2: .* is not an address"),
        ([MIXED.replace("5aA", "5AA") + ",1"], f":2: .* has a wrong checksum .is {MIXED} meant"),
        ([f"{FIRST},-1"], ":2: negative amount -1"),
        ([f"{FIRST},1e18"], ":2: '1e18' is not an amount"),
        ([f"{FIRST},1.0000000000000000001"], ":2: .* is not an amount of coins with up to 18 decimals"),
        ([f"{FIRST},"], ":2: '' is not an amount"),
        ([f"{FIRST},0"], ":2: a grant of no coins"),
        ([f"{FIRST},1000000001"], ":2: a grant of 1,000,000,001 coins, more than there are"),
        ([f"{FIRST},600000000", f"{SECOND},600000000"], "add up to 1,200,000,000, more than the 1,000,000,000"),
        ([f"{FIRST},1,2"], ":2: 3 fields, not 2"),
        ([f"{FIRST}"], ":2: 1 fields, not 2"),
        ([f"{FIRST},1", "total,2"], ":3: the grants add up to 1, the line says 2"),
        (["total,1", f"{FIRST},1"], ":3: a line behind the total of line 2"),
        ([f'{FIRST},"1'], ":2 is not a CSV file"),
    ],
)
def test_a_bad_line_is_named(csv, lines, message):
    with pytest.raises(InputError, match=message):
        read_csv(csv(*lines))


def test_a_wrong_header_is_named(csv):
    with pytest.raises(InputError, match=":1: the header is 'address,amount', not 'account,total'"):
        read_csv(csv(f"{FIRST},1", header="address,amount"))


def test_a_total_that_was_not_expected_is_named(csv):
    with pytest.raises(InputError, match=r"add up to 1, 1\.5 were expected"):
        read_csv(csv(f"{FIRST},1"), expected=3 * COIN // 2)


def test_a_missing_file_and_a_file_that_is_no_text_are_named(tmp_path):
    with pytest.raises(InputError, match=r"cannot read .*missing"):
        read_csv(tmp_path / "missing.csv")
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not a CSV file in UTF-8"):
        read_csv(binary)


def test_amounts_are_printed_exactly():
    assert [coins(wei) for wei in (0, 1, COIN, 1143 * COIN + COIN // 2)] == [
        "0",
        "0.000000000000000001",
        "1",
        "1,143.5",
    ]
    assert parse_amount("0.000000000000000001") == 1


# What spreadsheets and editors write around the same two grants.
SHAPES = {
    "a blank last line": f"account,total\n{FIRST},1\n{SECOND},2\n\n",
    "many blank last lines": f"account,total\n{FIRST},1\n{SECOND},2\n\n \n\n",
    "blank first lines": f"\n , \naccount,total\n{FIRST},1\n{SECOND},2\n",
    "a spreadsheet's note about separators": f"sep=,\r\naccount,total\r\n{FIRST},1\r\n{SECOND},2\r\n",
    "blank lines between": f"account,total\n\n{FIRST},1\n\n{SECOND},2\n",
    "lines of commas": f"account,total\n{FIRST},1\n,\n{SECOND},2\n,\n,,,\n",
    "no last line end": f"account,total\n{FIRST},1\n{SECOND},2",
    "CRLF": f"account,total\r\n{FIRST},1\r\n{SECOND},2\r\n\r\n",
    "CR": f"account,total\r{FIRST},1\r{SECOND},2\r",
    "a byte order mark": f"\ufeffaccount,total\n{FIRST},1\n{SECOND},2\n",
    "quoted fields": f'"account","total"\n"{FIRST}","1"\n"{SECOND}","2.00"\n',
    "spaces around fields": f" account , total \n  {FIRST} , 1 \n\t{SECOND},\u00a02\n",
    "spaces before quotes": f'account, "total"\n{FIRST}, "1"\n{SECOND}, "2"\n',
    "empty columns": f"account,total,,\n{FIRST},1,,\n{SECOND},2,,\n",
    "commas behind some lines": f"account,total\n{FIRST},1,\n{SECOND},2\n",
    "capitals in the header": f"Account,TOTAL\n{FIRST},1\n{SECOND},2\n",
    "capitals in the sum": f"Account,Total\n{FIRST},1\n{SECOND},2\nTotal,3\n\n",
    "a sum with empty columns": f"account,total,\n{FIRST},1,\n{SECOND},2,\nTOTAL,3.0,\n,,\n",
}


@pytest.mark.case("tools-8")
@pytest.mark.parametrize("shape", SHAPES)
def test_what_spreadsheets_write_is_read(tmp_path, shape):
    path = tmp_path / "grants.csv"
    path.write_bytes(SHAPES[shape].encode())
    grants = read_csv(path, expected=3 * COIN)
    assert (grants.accounts, grants.totals) == ([FIRST.lower(), SECOND], [COIN, 2 * COIN])


@pytest.mark.case("tools-8")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"account;total\n{FIRST};1\n", ":1: semicolons stand between the fields .save it with commas"),
        (f"account\ttotal\n{FIRST}\t1\n", ":1: tabs stand between the fields"),
        (f"account,total\n{FIRST};1\n", ":2: semicolons stand between the fields"),
        (f'account,total\n\n{FIRST},"1,143.00"\n', ":3: '1,143.00' is read in two ways"),
        (f'account,total\n{FIRST},"1,143"\n', ":2: '1,143' is read in two ways"),
        (f'account,total\n{FIRST},"1.143,00"\n', ":2: '1.143,00' is read in two ways"),
        (f'account,total\n{FIRST},"0,5"\n', ":2: '0,5' is read in two ways"),
        (f"account,total\n{FIRST},1 143\n", ":2: '1 143' is read in two ways"),
        (f"account,total\n{FIRST},1,143.00\n", ":2: 3 fields, not 2 .an amount has no thousands separators"),
        (f"account,total\n{FIRST},1.143E+03\n", ":2: '1.143E.03' is not an amount of coins: write all its digits"),
        (f"sep=;\naccount;total\n{FIRST};1\n", ":1: semicolons stand between the fields"),
        (f"\n\naccount;total\n{FIRST};1\n", ":3: semicolons stand between the fields"),
        ("\n\n", ":2: the header is '', not 'account,total'"),
        (f"account,total\n{FIRST},{'9' * 100}\n", ":2: '9{60}…' is not an amount of coins"),
        (f"account,total\n{'0' * 100},1\n", ":2: '0{60}…' is not an address"),
        (f"account,total\n{FIRST},#REF!\n", ":2: '#REF!' is not an amount"),
        (f"account,total\n{FIRST},1,note\n", ":2: 3 fields, not 2$"),
        (f"account,total,name\n{FIRST},1,x\n", ":1: the header is 'account,total,name', not 'account,total'"),
        (f"account,total\n,{FIRST},1\n", ":2: 3 fields, not 2"),
        ("account,total\n,1\n", ":2: '' is not an address"),
        (f"account,total\n\n{FIRST},1\n\n{FIRST.lower()},2\n\n", ":5: 0x5290.* already has the grant of line 3"),
        (f"account,total\n{FIRST},1\n\ntotal,2\n", ":4: the grants add up to 1, the line says 2"),
        (f"{FIRST},1\n", ":1: the header is '0x52.*', not 'account,total' .two columns, in this order"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused_by_its_line(tmp_path, text, message):
    path = tmp_path / "grants.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_csv(path)


@pytest.mark.case("tools-8")
def test_utf_16_is_told(tmp_path):
    path = tmp_path / "grants.csv"
    path.write_bytes(f"account\ttotal\n{FIRST}\t1\n".encode("utf-16"))
    with pytest.raises(InputError, match=r"not a CSV file in UTF-8 but in UTF-16 .save it as CSV in UTF-8"):
        read_csv(path)
