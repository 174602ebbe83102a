"""Weeks of simulated listening: what is assumed of who comes back, who leaves for good and who makes a playlist.

Frozen before the first simulation was run, and changed by nothing it showed. One session is `discovery.lab.listener_model`'s,
whose constants are older. What is assumed beyond it, and why:

- **Satisfaction** is the share heard out of one's sessions, the latest counting ``remembers`` and those before fading. It
  begins at ``neutral``, so that a newcomer's first days are no verdict. What people hear out and what they skip is what
  they say of a session in surveys too (Garcia-Gathright et al., SIGIR 2018; Mehrotra et al., CIKM 2018).
- **Coming back.** Who was served better stays away for a shorter time (Dupret and Lalmas, WSDM 2013, on answers that
  were clicked). At neutral satisfaction somebody comes on ``comes`` of all days: Spotify's filing for its listing (Form
  F-1, 2018) names 44 % of the month's listeners a day. Hearing out everything, one comes ``comes_factor`` times as often
  as hearing out nothing; nobody has published this factor for music, and 2 is a guess on the low side.
- **Leaving for good.** At neutral satisfaction a month's loss is ``leaves_a_month``: 6 % and 9 % in the two months of KKBox's
  churn data (WSDM Cup 2018). Hearing out nothing, one leaves ``leaves_factor`` times as soon as hearing out everything, by
  the same ratio for each step between. 6 is what Jones and Sasser ("Why Satisfied Customers Defect", Harvard Business
  Review, 1995) tell of wholly satisfied customers' coming again beside merely satisfied ones'. **This constant makes the
  figure for churn**: the simulation says how much more is heard out, and the constant says what that is worth. It has been
  measured for no music service; the sensitivity shows what a half and twice as much would come to.
- **Playlists.** Of what is heard out, a share ``keeps`` is kept, and so many kept items as ``playlist`` says are a playlist. People
  take up suggestions while they make playlists (two thirds of them did: Kamehkhosh, Bonnin and Jannach, UMUAI 2020). Both
  constants move both stations alike.
- **What is known is not suggested again.** What was heard out becomes a play of the listener's: it counts from the next
  session on, as it would. What was skipped is spared for ``spared`` days at *every* station, lest the most popular end up
  with what nobody wanted. A real radio does not spare it that long.

What is measured, each over ``days`` and by listener, each day counting by the chance that the listener has not left:

- **session length**: items a session;
- **plays a day**: items heard out a day, by somebody who has not left; days on which one did not come count as 0;
- **playlists**: made from suggestions, by somebody who began;
- **churn**: the chance to have left by the last day. It is added up from the chances of each day instead of drawn, which
  takes nothing but noise away.
"""

from __future__ import annotations

from dataclasses import dataclass

LAST = 28  # days


@dataclass(frozen=True)
class Habits:
    """The constants of the weeks; see above for what they stand for."""

    neutral: float = 0.5  # satisfaction at which the two rates below hold, and with which everybody begins
    remembers: float = 0.3  # weight of the latest session in satisfaction
    comes: float = 0.44  # chance to come on a day, at neutral satisfaction
    comes_factor: float = (
        2.0  # how much oftener one comes who hears out everything than one who hears out nothing
    )
    leaves_a_month: float = 0.08  # chance to leave for good within 30 days, at neutral satisfaction
    leaves_factor: float = (
        6.0  # how much sooner one leaves who hears out nothing than one who hears out everything
    )
    keeps: float = 0.1  # share of what is heard out that is kept
    playlist: int = 5  # kept items that make a playlist
    spared: int = 7  # days for which what was skipped is not offered

    def comes_on(self, satisfaction: float) -> float:
        """The chance to come on a day."""
        return float(min(self.comes * self.comes_factor ** (satisfaction - self.neutral), 1.0))

    def leaves_on(self, satisfaction: float) -> float:
        """The chance to leave for good on a day."""
        daily = 1 - (1 - self.leaves_a_month) ** (1 / 30)
        return float(min(daily * self.leaves_factor ** (self.neutral - satisfaction), 1.0))

    def after(self, satisfaction: float, share: float) -> float:
        """Satisfaction after a session of which ``share`` was heard out."""
        return satisfaction + self.remembers * (share - satisfaction)
