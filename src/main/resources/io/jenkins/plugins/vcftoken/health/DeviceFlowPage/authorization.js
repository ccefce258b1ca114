/* global Behaviour, crumb */
Behaviour.specify("#vcf-authorization", "vcf-authorization", 0, (panel) => {
  const POLL_INTERVAL_MS = 3000;
  /* The session has ended or the request was redirected (0), so polling stops. */
  const STATUSES_WITHOUT_DEVICE_FLOW = [0, 401, 403, 404];
  const message = document.getElementById("vcf-authorization-message");
  const code = document.getElementById("vcf-user-code");
  const clock = document.getElementById("vcf-time-left");
  let end = Date.now() + Number(panel.dataset.secondsLeft) * 1000;

  /* Assigns changed text only, because screen readers announce each assignment. */
  const showMessage = (text) => {
    if (message.textContent !== text) {
      message.textContent = text;
    }
  };

  const showTimeLeft = () => {
    const left = Math.max(0, Math.round((end - Date.now()) / 1000));
    const hours = Math.floor(left / 3600);
    const parts = [Math.floor(left / 60) % 60, left % 60].map((part) =>
      String(part).padStart(2, "0"),
    );
    clock.textContent = (hours > 0 ? hours + ":" : "") + parts.join(":");
  };

  const hidePanel = () => {
    clearInterval(timer);
    /* The keyboard focus would be lost when the panel is hidden. */
    if (panel.contains(document.activeElement)) {
      message.focus();
    }
    panel.hidden = true;
  };

  const onDeviceFlowUnknown = () => {
    hidePanel();
    showMessage(panel.dataset.unknown);
    document.getElementById("vcf-authorization-unknown").hidden = false;
  };

  const onDeviceFlowEnded = (granted) => {
    hidePanel();
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

  const poll = () => {
    fetch(panel.dataset.statusUrl, {
      method: "POST",
      headers: crumb.wrap({}),
      redirect: "manual",
    })
      .then((response) => {
        if (STATUSES_WITHOUT_DEVICE_FLOW.includes(response.status)) {
          onDeviceFlowUnknown();
          return null;
        }
        if (!response.ok) {
          throw new Error(String(response.status));
        }
        return response.json();
      })
      .then((body) => {
        if (body === null) {
          return;
        }
        const { data } = body;
        if (data.message === "" || data.userCode !== code.textContent) {
          /* Jenkins was restarted, which ends the device flow, or another device flow was started. */
          onDeviceFlowUnknown();
          return;
        }
        showMessage(data.message);
        if (data.running) {
          end = Date.now() + data.secondsLeft * 1000;
          setTimeout(poll, POLL_INTERVAL_MS);
        } else {
          onDeviceFlowEnded(data.granted);
        }
      })
      .catch(() => {
        showMessage(panel.dataset.lost);
        setTimeout(poll, 3 * POLL_INTERVAL_MS);
      });
  };

  const timer = setInterval(showTimeLeft, 1000);
  showTimeLeft();
  setTimeout(poll, POLL_INTERVAL_MS);
});

Behaviour.specify(".vcf-copy-and-open", "vcf-copy-and-open", 0, (link) => {
  link.addEventListener("click", () => {
    if (isSecureContext) {
      navigator.clipboard
        .writeText(document.getElementById("vcf-user-code").textContent)
        .catch(() => {
          /* The user can still select and copy the code manually. */
        });
    }
  });
});

/* The copy button of Jenkins requires a secure context, and only its icon changes, which screen readers ignore. */
Behaviour.specify(".vcf-copy", "vcf-copy", 1, (button) => {
  if (!isSecureContext) {
    button.parentElement.hidden = true;
    return;
  }
  const copied = document.getElementById("vcf-copied");
  button.addEventListener("click", () => {
    /* Screen readers announce the text again if it was cleared before. */
    copied.textContent = "";
    const code = document.getElementById(button.getAttribute("ref"));
    navigator.clipboard
      .writeText(code.textContent)
      .then(() => {
        copied.textContent = copied.dataset.copied;
      })
      .catch(() => {
        /* The copy button of Jenkins shows the error. */
      });
  });
});
