/* global Behaviour */
Behaviour.specify(
  "#vcf-token-status-task",
  "vcf-token-status-task",
  0,
  (source) => {
    const tasks = document.getElementById("tasks");
    if (tasks !== null) {
      tasks.append(...source.children);
    }
    source.remove();
  },
);
