/* global Behaviour, notificationBar */

/* Hides all rows that do not contain the text in any column. */
const filterTokens = () => {
  const field = document.getElementById("vcf-tokens-filter");
  const text = field.value.trim().toLowerCase();
  let shown = 0;
  document.querySelectorAll("#vcf-tokens tbody tr").forEach((row) => {
    row.hidden = !row.textContent.toLowerCase().includes(text);
    shown += row.hidden ? 0 : 1;
  });
  document.getElementById("vcf-tokens-none").hidden = shown > 0;
};

Behaviour.specify("#vcf-tokens-filter", "vcf-tokens-filter", 0, (field) => {
  field.addEventListener("input", filterTokens);
  filterTokens();
});

/* Reloads the page in the background while it is visible, and updates the elements that have changed. */
const refreshTokens = (shown, update) => {
  const wait = () =>
    setTimeout(refresh, Number(shown.dataset.refreshSeconds) * 1000);
  const refresh = () => {
    if (document.hidden) {
      wait();
      return;
    }
    fetch(shown.dataset.refreshUrl, { redirect: "error" })
      .then((response) => (response.ok ? response.text() : null))
      .then((html) => {
        const loaded =
          html === null
            ? null
            : new DOMParser()
                .parseFromString(html, "text/html")
                .getElementById(shown.id);
        if (loaded !== null) {
          update(loaded);
          shown.dataset.refreshSeconds = loaded.dataset.refreshSeconds;
        }
      })
      .catch(() => {
        /* For example, Jenkins is restarting. */
      })
      .finally(wait);
  };
  wait();
};

/* Updates single rows, which keeps their order and the focus. */
Behaviour.specify("#vcf-tokens", "vcf-tokens", 0, (table) => {
  refreshTokens(table, (loaded) => {
    loaded.querySelectorAll("tbody tr").forEach((row) => {
      const old = table.querySelector(
        `tr[data-key="${CSS.escape(row.dataset.key)}"]`,
      );
      if (old !== null && old.dataset.state !== row.dataset.state) {
        old.dataset.state = row.dataset.state;
      }
      row.querySelectorAll("td").forEach((cell, column) => {
        const before = old === null ? null : old.cells[column];
        if (before && before.textContent !== cell.textContent) {
          before.innerHTML = cell.innerHTML;
          before.setAttribute("data", cell.getAttribute("data") || "");
        }
      });
    });
    filterTokens();
  });
});

Behaviour.specify("#vcf-token", "vcf-token", 0, (panel) => {
  refreshTokens(panel, (loaded) => {
    if (loaded.dataset.state !== panel.dataset.state) {
      /* The available actions depend on the state. */
      window.location.replace(panel.dataset.refreshUrl);
    } else if (panel.textContent !== loaded.textContent) {
      panel.innerHTML = loaded.innerHTML;
      Behaviour.applySubtree(panel);
    }
  });
  const done = { "#vcf-renewed": "renewed", "#vcf-deleted": "deleted" };
  const message = panel.dataset[done[window.location.hash]];
  if (message) {
    notificationBar.show(message, notificationBar.SUCCESS);
    window.history.replaceState(null, "", window.location.pathname);
  }
});
