// What the screen of a phone, a keyboard's keys and a headset are told of what plays, and what they may do (Media Session).

/** `acts`: by the name of each; null where there is none. */
export function onScreens(track, acts) {
  if (!navigator.mediaSession) return;
  navigator.mediaSession.metadata = new MediaMetadata({ title: track.title, artist: track.artist?.name ?? "", artwork: [{ src: track.cover }] });
  for (const [name, does] of Object.entries(acts)) navigator.mediaSession.setActionHandler(name, does);
}
