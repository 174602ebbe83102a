"""Every place at a real browser: on a phone and on a desk, light and dark, in both languages; without serious faults."""

import pytest

from graph.models import Playlist, PlaylistEntry
from tests import factories

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(400)]

# By name: the address, and what stands there once the page has what it asked for.
PLACES = {
    "home": ("/", "#recommendations .title"),
    "search": ("/search/?text=favorite", "#tracks .title"),
    "history": ("/music/", "#days .title"),
    "likes": ("/music/likes/", "#said .title"),
    "playlists": ("/music/playlists/", "#playlists .title"),
    "playlist": ("/music/playlists/{playlist}/", "#entries .title"),
    "mix": ("/music/mix/", "#mix .title"),
    "statistics": ("/music/statistics/", "#figures table"),
    "review": ("/music/year/", "#figures .story"),
    "imports": ("/imports/", "#imports li"),
    "together": ("/together/", "#map circle"),
    "blend": ("/together/blend/?with={friend}", "#blend-items .title"),
    "rooms": ("/together/rooms/", "#rooms li"),
    "match": ("/together/match/?with={friend}", "#match table"),
    "radio": ("/radio/", "#radio-form"),
    "me": ("/me/", "#devices li"),
    "privacy": ("/privacy/", "#held li"),
    "welcome": ("/welcome/", "#picks > *"),
}


@pytest.fixture
def furnished(world):
    """The world, with something of everything; by name, what addresses hold."""
    from django.utils import timezone

    from discovery.platform.graphql.node import global_id
    from graph.models import Feedback, FeedbackKind

    playlist = Playlist.objects.create(owner=world.ada, title="Sunday morning")
    for position, track in enumerate((world.common, *world.favorites.values())):
        PlaylistEntry.objects.create(playlist=playlist, track=track, position=position)
    Feedback.objects.create(
        user=world.ada, track=world.common, kind=FeedbackKind.LIKE, given_at=timezone.now()
    )
    for track in world.favorites.values():
        factories.listens(world.ada, track, at=timezone.now())
    factories.requested(factories.sharer("dora"), world.ada)
    return {
        "playlist": global_id("Playlist", playlist.pk),
        "friend": global_id("Listener", world.ben.pk),
    }


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_place_fits_and_is_without_serious_faults(furnished, visit, language):
    person = visit(language=language)
    faults = {}
    for name, (address, shows) in PLACES.items():
        person.opens(address.format(**furnished))
        person.until(lambda shows=shows: person.find(shows), f"{shows} on {name}: {person.text('#status')!r}")
        if found := person.violations("light", "dark"):
            faults[name] = found
        person.looks(f"{name}-{language}", "light", "dark")
    assert faults == {}
    assert person.origins() == {person.origin}
    assert person.complaints() == []
