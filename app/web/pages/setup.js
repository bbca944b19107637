"use strict";

// The code stands behind the hash, so it is in no log and no referrer. It works once.
const code = location.hash.slice(1);
const form = document.querySelector("form");
const status = document.querySelector("[role=status]");

history.replaceState(null, "", location.pathname);
if (!code) {
  form.hidden = true;
  status.textContent = "This address lacks its code. Use the whole link that the server printed when it started.";
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { name, password, again } = Object.fromEntries(new FormData(form));
  if (password !== again) {
    status.textContent = "The two passwords differ.";
    return;
  }
  status.textContent = "One moment …";
  try {
    const answer = await fetch("/api/v1/setup", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ code, name, password, device: "the first browser" }),
    });
    if (answer.ok) {
      form.hidden = true;
      status.textContent = `Done. From now on everybody needs a login; yours is ${name}.`;
    } else {
      const problem = await answer.json();
      status.textContent = problem.code === "invalid_token" ? "This link has been used, or is too old." : problem.detail;
    }
  } catch {
    status.textContent = "The server does not answer.";
  }
});
