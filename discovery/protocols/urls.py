"""Addresses under which players find their protocols. A closing slash is there or not, as players have it."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path, re_path

from discovery.protocols import audioscrobbler, jspf, lastfm, listenbrainz, listenbrainz_read, maloja
from discovery.protocols.brainz import failure


def nowhere(request: HttpRequest) -> HttpResponse:
    """What is not spoken here, in the protocol's own shape."""
    return failure(404, "Not found.")


_listenbrainz: list[URLPattern | URLResolver] = [
    re_path(r"^validate-token/?$", listenbrainz.validate_token),
    re_path(r"^submit-listens/?$", listenbrainz.submit_listens),
    re_path(r"^feedback/recording-feedback/?$", listenbrainz.recording_feedback),
    re_path(r"^feedback/user/(?P<name>[^/]+)/get-feedback/?$", listenbrainz_read.feedback),
    re_path(r"^user/(?P<name>[^/]+)/listens/?$", listenbrainz_read.listens),
    re_path(r"^user/(?P<name>[^/]+)/playing-now/?$", listenbrainz_read.playing_now),
    re_path(r"^user/(?P<name>[^/]+)/listen-count/?$", listenbrainz_read.listen_count),
    re_path(r"^user/(?P<name>[^/]+)/playlists/createdfor/?$", jspf.created_for),
    re_path(r"^user/(?P<name>[^/]+)/playlists/?$", jspf.own),
    re_path(r"^playlist/(?P<playlist>[^/]+)/?$", jspf.one),
    re_path(r"", nowhere),
]

protocols: list[URLPattern | URLResolver] = [
    path("1/", include(_listenbrainz)),
    path("apis/listenbrainz/1/", include(_listenbrainz)),
    re_path(r"^apis/mlj_1/newscrobble/?$", maloja.new_scrobble),
    re_path(r"^2\.0/?$", lastfm.api),
    path("submissions/", audioscrobbler.handshake, name="audioscrobbler"),
    path("submissions/now", audioscrobbler.now_playing, name="audioscrobbler-now"),
    path("submissions/plays", audioscrobbler.plays, name="audioscrobbler-plays"),
]
