import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.ids import id_of_string
from common.post import LightPost
from ingest.sources.json_line import BadLineReason
from ingest.sources.message import Disposition, ParsedMessage
from ingest.sources.wikipedia.recent_change import Bots, ChangeKind, IgnoredChange, parse_change, resume_id
from tests.support.sources.json_mutations import mutated_json
from tests.support.sources.wikimedia_changes import AT, EVENT_ID, USER, change, event_id

POST = LightPost(id_of_string(EVENT_ID), id_of_string(USER), AT)


@pytest.mark.parametrize("kind", list(ChangeKind))
def test_every_kind_of_change_is_a_post_of_its_editor(kind: ChangeKind) -> None:
    assert parse_change(change(type=kind.value), Bots.INCLUDE) == ParsedMessage(Disposition.SENT, kind, POST)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (change(type="external"), IgnoredChange.OTHER),
        (change(type=""), IgnoredChange.OTHER),
        (change({"domain": "canary"}), IgnoredChange.CANARY),
        (change({"domain": "canary", "id": None}, user=None), IgnoredChange.CANARY),
        (change({"domain": "canary"}, type=None), IgnoredChange.CANARY),
        ('{"meta": {"domain": "canary"}}', IgnoredChange.CANARY),
        ('{"meta": "x", "type": "external"}', IgnoredChange.OTHER),
    ],
)
def test_what_is_no_change_of_a_page_is_ignored_by_kind(text: str, kind: IgnoredChange) -> None:
    assert parse_change(text, Bots.INCLUDE) == ParsedMessage(Disposition.IGNORED, kind)


@pytest.mark.parametrize(
    ("bots", "of_a_bot", "of_a_human"),
    [
        (Bots.INCLUDE, ChangeKind.EDIT, ChangeKind.EDIT),
        (Bots.EXCLUDE, IgnoredChange.BOT, ChangeKind.EDIT),
        (Bots.ONLY, ChangeKind.EDIT, IgnoredChange.HUMAN),
    ],
)
def test_bots_are_sent_or_not(bots: Bots, of_a_bot: str, of_a_human: str) -> None:
    assert parse_change(change(bot=True), bots).label == of_a_bot
    assert parse_change(change(bot=False), bots).label == of_a_human
    assert parse_change(change(bot="true"), bots).label == of_a_human


def test_a_left_out_change_may_miss_anything_else() -> None:
    assert parse_change('{"bot": true}', Bots.EXCLUDE).label == IgnoredChange.BOT
    assert parse_change('{"type": "edit"}', Bots.ONLY).label == IgnoredChange.HUMAN
    assert parse_change("{}", Bots.ONLY).disposition is Disposition.DROPPED


@pytest.mark.parametrize(
    ("timestamp", "dt", "created_at", "is_bad"),
    [
        (AT, "2025-10-09T08:53:22Z", AT, False),
        (AT + 60, "2025-10-09T08:53:22Z", AT + 2, False),
        (AT, "2025-10-09T10:53:19+02:00", AT - 1, False),
        (AT, "yesterday", AT, True),
        (AT, "2025-10-09T08:53:22", AT, True),
        (AT, None, AT, True),
        (None, "2025-10-09T08:53:22Z", AT + 2, True),
        ("1760000000", "2025-10-09T08:53:22Z", AT + 2, True),
        (True, "2025-10-09T08:53:22Z", AT + 2, True),
        (0, "2025-10-09T08:53:22Z", AT + 2, True),
        (2**63, "2025-10-09T08:53:22Z", AT + 2, True),
    ],
)
def test_a_change_is_as_old_as_the_earlier_of_its_times(
    timestamp: object, dt: object, created_at: int, is_bad: bool
) -> None:
    parsed = parse_change(change({"dt": dt}, timestamp=timestamp), Bots.INCLUDE)

    assert parsed == ParsedMessage(
        Disposition.SENT, ChangeKind.EDIT, POST._replace(created_at=created_at), has_bad_date=is_bad
    )


@pytest.mark.parametrize(
    ("hostile", "reason"),
    [
        ("", BadLineReason.NOT_JSON),
        (b"\xff\xfe", BadLineReason.NOT_JSON),
        ("[]", BadLineReason.NOT_JSON),
        ("[" * 100_000, BadLineReason.NOT_JSON),
        ("{}", BadLineReason.BAD_FIELD),
        ('{"meta": "x", "type": "edit"}', BadLineReason.BAD_FIELD),
        (change(type=None), BadLineReason.BAD_FIELD),
        (change(type=["edit"]), BadLineReason.BAD_FIELD),
        (change({"id": None}), BadLineReason.BAD_FIELD),
        (change({"id": ""}), BadLineReason.BAD_FIELD),
        (change({"id": "x" * 256}), BadLineReason.BAD_FIELD),
        (change({"id": "\ud800"}), BadLineReason.BAD_FIELD),
        (change(user=7), BadLineReason.BAD_FIELD),
        (change(user="x" * 256), BadLineReason.BAD_FIELD),
        (change(user="\ud800"), BadLineReason.BAD_FIELD),
        (change(user=None), BadLineReason.NO_USER),
        (change(user=""), BadLineReason.NO_USER),
        (change(type="log", user=None), BadLineReason.NO_USER),
        (change({"dt": None}, timestamp=None), BadLineReason.BAD_TIME),
    ],
)
def test_a_hostile_change_is_dropped_by_reason(hostile: str | bytes, reason: BadLineReason) -> None:
    parsed = parse_change(hostile, Bots.INCLUDE)

    assert (parsed.disposition, parsed.label, parsed.event) == (Disposition.DROPPED, reason, None)
    assert parsed.detail
    assert reason not in parsed.detail  # it is the label


@given(mutated_json(change()), st.sampled_from(Bots))
def test_every_change_has_a_disposition(text: str, bots: Bots) -> None:
    parsed = parse_change(text, bots)

    assert parsed.label in {*ChangeKind, *IgnoredChange, *BadLineReason}
    assert (parsed.event is None) == (parsed.disposition is not Disposition.SENT)


def test_resuming_begins_five_seconds_before() -> None:
    assert resume_id(event_id(1_760_000_000_001)) == event_id(1_759_999_995_001)
    assert resume_id(event_id(3)) == event_id(0)


@pytest.mark.parametrize("position", ["", "7", "abc", '{"timestamp":9000}', "[" * 4000, "[" * 990 + "]" * 990])
def test_an_id_of_another_shape_is_sent_back_as_it_is(position: str) -> None:
    assert resume_id(position) == position


@given(
    st.lists(
        st.one_of(
            st.integers(), st.text(), st.dictionaries(st.sampled_from(["topic", "offset"]), st.integers() | st.text())
        )
    )
)
def test_only_times_are_changed_in_an_id(topics: list[object]) -> None:
    assert json.loads(resume_id(json.dumps(topics))) == topics


@given(st.text())
def test_any_text_may_be_a_position(position: str) -> None:
    resume_id(position)
