// Handle and name; a name that others have too is told apart by the handle.
import { ask, refused } from "../api.js";
import { at, onSubmit, tell } from "../page.js";
import { gettext } from "../words.js";

export const ofViewer = "profile { handle displayName }";

export function begin() {
  onSubmit("profile", async () => save({ displayName: at("profile-name").value, handle: at("profile-handle").value }));
}

let before;
export const handle = () => before.handle;

export function show({ viewer: { profile } }) {
  before = profile;
  for (const [id, value] of [["profile-name", profile.displayName], ["profile-handle", profile.handle]]) {
    Object.assign(at(id), { value, disabled: false });
  }
}

async function save(wanted) {
  const last = before;
  const { updateProfile: profile } = await ask(`mutation($handle: String, $displayName: String) {
    updateProfile(handle: $handle, displayName: $displayName) { ... on Listener { handle displayName } ${refused} } }`, wanted);
  show({ viewer: { profile } });
  tell(gettext("Saved."), { undo: () => save(last) });
}
