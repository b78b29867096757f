// Asks the browser to make or use a passkey, and posts what it gives in the page's own form.
// Options stand in the form's data-create or data-get, with bytes in base64.
"use strict";
(() => {
  const form = document.querySelector("form[data-create], form[data-get]");
  if (!form) return;
  const button = form.querySelector("button");
  const status = document.getElementById("passkey-status");
  const bytes = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));
  const fill = (name, buffer) => { form.elements[name].value = text(buffer); };
  const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));
  const create = async () => {
    const options = JSON.parse(form.dataset.create);
    options.challenge = bytes(options.challenge);
    options.user.id = bytes(options.user.id);
    options.excludeCredentials = named(options.excludeCredentials);
    const made = await navigator.credentials.create({ publicKey: options });
    fill("client_data", made.response.clientDataJSON);
    fill("attestation", made.response.attestationObject);
  };
  const use = async () => {
    const options = JSON.parse(form.dataset.get);
    options.challenge = bytes(options.challenge);
    options.allowCredentials = named(options.allowCredentials);
    const found = await navigator.credentials.get({ publicKey: options });
    fill("client_data", found.response.clientDataJSON);
    fill("authenticator_data", found.response.authenticatorData);
    fill("signature", found.response.signature);
  };
  let done = false;
  form.addEventListener("submit", async (event) => {
    if (done) return;
    event.preventDefault();
    button.disabled = true;
    try {
      if (!window.PublicKeyCredential) throw new Error("this browser has no passkeys");
      await (form.dataset.create ? create() : use());
      done = true;
      form.requestSubmit();
    } catch (fault) {
      status.textContent = `Nothing was sent: ${fault.message}. You can try again.`;
    }
    button.disabled = false;
  });
})();
