from hashlib import sha256

import pytest

from common.ids import IDS_PER_LIST, MAX_ID, id_of_string, parse_id


def test_the_id_is_the_top_63_bits_of_the_hash() -> None:
    bits = "".join(f"{byte:08b}" for byte in sha256(b"did:plc:ewvi7nxzyoun6zhxrhs64oiz").digest())

    assert id_of_string("did:plc:ewvi7nxzyoun6zhxrhs64oiz") == int(bits[:63], 2)


def test_the_ids_of_today_are_the_ids_of_tomorrow() -> None:
    assert id_of_string("did:plc:ewvi7nxzyoun6zhxrhs64oiz") == 346538941122024962
    assert id_of_string("at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post/3l3qo2vutsw2b") == 8463268600029305511
    assert id_of_string("Zoë") == 7156381763258278024


@pytest.mark.parametrize("text", ["", "a", "did:web:example.com", "𓀀" * 1000])
def test_every_string_has_a_valid_id(text: str) -> None:
    assert 0 < id_of_string(text) <= MAX_ID


def test_a_hash_of_zeros_becomes_one(monkeypatch: pytest.MonkeyPatch) -> None:
    class Zeros:
        def digest(self) -> bytes:
            return bytes(32)

    def hash_to_zeros(_: bytes) -> Zeros:
        return Zeros()

    monkeypatch.setattr("common.ids.sha256", hash_to_zeros)

    assert id_of_string("anything") == 1


def test_ids_are_parsed_from_decimal_digits() -> None:
    assert [parse_id(text) for text in ("1", "007", str(MAX_ID))] == [1, 7, MAX_ID]


@pytest.mark.parametrize("text", ["", "0", "-1", "+1", " 1", "1_0", "1.0", "0x1", "٣", "²", str(MAX_ID + 1), "0" * 20])
def test_other_texts_are_no_ids(text: str) -> None:
    assert parse_id(text) is None


def test_the_largest_id_is_that_of_a_signed_64_bit_number() -> None:
    assert MAX_ID == 9_223_372_036_854_775_807
    assert IDS_PER_LIST == 10_000, "as the contract has it"
