"""Where messages may go."""

import pytest

from notifications.models.recipient import Channel, Recipient, checked_address
from todo_shared.errors import InvalidError


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        (Channel.EMAIL, "ann+todo@mail.example.com"),
        (Channel.EMAIL, "a@localhost"),
        (Channel.SMS, "+14155550123"),
        (Channel.WEBHOOK, "https://ann.example/hook?x=1"),
        (Channel.PUSH, "dGVzdA=="),
    ],
)
def test_a_good_address_is_taken_as_it_is(channel: Channel, address: str) -> None:
    assert checked_address(channel, address) == address


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        (Channel.EMAIL, "ann"),
        (Channel.EMAIL, "@x.example"),
        (Channel.EMAIL, "ann@-.example\n"),
        (Channel.EMAIL, "änn@x.example"),
        (Channel.SMS, "14155550123"),
        (Channel.SMS, "+1415555012345678"),
        (Channel.WEBHOOK, "http://ann.example"),
        (Channel.WEBHOOK, "https://ann.example/a b"),
        (Channel.PUSH, "a\tb"),
    ],
)
def test_a_bad_address_is_refused_with_what_is_wanted(channel: Channel, address: str) -> None:
    with pytest.raises(InvalidError, match="expected"):
        checked_address(channel, address)


def test_only_mail_and_push_have_a_default() -> None:
    targets = {channel: Recipient("a@b", channel).target for channel in Channel}
    assert targets == {
        Channel.EMAIL: "a%40b@users.todo.local",
        Channel.PUSH: "a%40b@users.todo.local",
        Channel.SMS: None,
        Channel.WEBHOOK: None,
    }
    assert Recipient("ann", Channel.SMS, "+14155550123").target == "+14155550123"
