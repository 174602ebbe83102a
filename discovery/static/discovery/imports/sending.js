// The file on its way to the server, with how far it is.
import { ask, refused } from "../api.js";
import { at, onSubmit } from "../page.js";
import { asPercent, gettext, worded } from "../words.js";

const token = document.querySelector('meta[name="csrf-token"]').content;

export function begin(reload) {
  onSubmit("file-form", async () => {
    const form = at("file-form");
    const [file] = at("file").files;
    if (file.size > Number(form.dataset.largest)) throw new Error(gettext("This file is larger than anything that is read."));
    const button = form.querySelector("button");
    button.disabled = true;
    at("sending").hidden = false;
    try {
      const { upload } = await sent(file);
      await ask(`mutation($upload: ID!) { importHistory(upload: $upload) { ... on Import { id } ${refused} } }`, { upload });
      form.reset();
      await reload();
    } finally {
      at("sending").hidden = true;
      button.disabled = false;
    }
  });
}

/** The answer of the server; a request of its own kind, because only this one tells how much was sent. */
const sent = (file) => new Promise((resolve, reject) => {
  const request = new XMLHttpRequest();
  request.open("POST", "/imports/");
  request.setRequestHeader("X-CSRFToken", token);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.responseType = "json";
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    at("sent").value = loaded / total;
    at("sending-words").textContent = worded(gettext("On its way: %(share)s"), { share: asPercent(loaded / total) });
  });
  request.addEventListener("load", () => {
    if (request.status === 201) resolve(request.response);
    else reject(new Error(request.response?.errors?.[0].message ?? gettext("The file did not arrive. Try it again.")));
  });
  request.addEventListener("error", () => reject(new Error(gettext("The file did not arrive. Try it again."))));
  request.send(file);
});
