/* global Behaviour, crumb */
Behaviour.specify("#vcf-authorization", "vcf-authorization", 0, (panel) => {
  const EVERY_MILLISECONDS = 3000;
  /* The login has ended, or leads to another page (0): polling again has the same result. */
  const FORGOTTEN = [0, 401, 403, 404];
  const message = document.getElementById("vcf-authorization-message");
  const code = document.getElementById("vcf-user-code");
  const clock = document.getElementById("vcf-time-left");
  let end = Date.now() + Number(panel.dataset.secondsLeft) * 1000;

  /* Changed text only: a screen reader reads each assignment. */
  const say = (text) => {
    if (message.textContent !== text) {
      message.textContent = text;
    }
  };

  const tick = () => {
    const left = Math.max(0, Math.round((end - Date.now()) / 1000));
    const hours = Math.floor(left / 3600);
    const parts = [Math.floor(left / 60) % 60, left % 60].map((part) =>
      String(part).padStart(2, "0"),
    );
    clock.textContent = (hours > 0 ? hours + ":" : "") + parts.join(":");
  };

  const close = () => {
    clearInterval(ticking);
    /* The focus of the keyboard would be lost with the panel. */
    if (panel.contains(document.activeElement)) {
      message.focus();
    }
    panel.hidden = true;
  };

  const forgotten = () => {
    close();
    say(panel.dataset.unknown);
    document.getElementById("vcf-authorization-unknown").hidden = false;
  };

  const ended = (granted) => {
    close();
    const start = document.getElementById("vcf-authorization-start");
    start.hidden = false;
    start.open = !granted;
    message.classList.toggle("jenkins-alert", granted);
    message.classList.toggle("jenkins-alert-success", granted);
    start
      .querySelector("button")
      .classList.toggle("jenkins-button--primary", !granted);
    document.getElementById("vcf-authorization-done").hidden = !granted;
  };

  const ask = () => {
    fetch(panel.dataset.statusUrl, {
      method: "POST",
      headers: crumb.wrap({}),
      redirect: "manual",
    })
      .then((response) => {
        if (FORGOTTEN.includes(response.status)) {
          forgotten();
          return null;
        }
        if (!response.ok) {
          throw new Error(String(response.status));
        }
        return response.json();
      })
      .then((answer) => {
        if (answer === null) {
          return;
        }
        const { data } = answer;
        if (data.message === "" || data.userCode !== code.textContent) {
          /* Jenkins was restarted, which ends a device flow, or another one was started elsewhere. */
          forgotten();
          return;
        }
        say(data.message);
        if (data.running) {
          end = Date.now() + data.secondsLeft * 1000;
          setTimeout(ask, EVERY_MILLISECONDS);
        } else {
          ended(data.granted);
        }
      })
      .catch(() => {
        say(panel.dataset.lost);
        setTimeout(ask, 3 * EVERY_MILLISECONDS);
      });
  };

  const ticking = setInterval(tick, 1000);
  tick();
  setTimeout(ask, EVERY_MILLISECONDS);
});

Behaviour.specify(".vcf-copy-and-open", "vcf-copy-and-open", 0, (link) => {
  link.addEventListener("click", () => {
    if (isSecureContext) {
      navigator.clipboard
        .writeText(document.getElementById("vcf-user-code").textContent)
        .catch(() => {
          /* The code can be selected. */
        });
    }
  });
});

/* Jenkins' own button only changes its icon, which a screen reader does not read, and needs a clipboard. */
Behaviour.specify(".vcf-copy", "vcf-copy", 1, (button) => {
  if (!isSecureContext) {
    button.parentElement.hidden = true;
    return;
  }
  const copied = document.getElementById("vcf-copied");
  button.addEventListener("click", () => {
    /* Read again when the button is pressed again. */
    copied.textContent = "";
    const code = document.getElementById(button.getAttribute("ref"));
    navigator.clipboard
      .writeText(code.textContent)
      .then(() => {
        copied.textContent = copied.dataset.copied;
      })
      .catch(() => {
        /* Jenkins' own button shows the failure. */
      });
  });
});
