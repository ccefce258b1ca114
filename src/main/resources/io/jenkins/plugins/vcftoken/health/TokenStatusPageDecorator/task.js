/* global Behaviour */
Behaviour.specify(
  "#vcf-token-status-task",
  "vcf-token-status-task",
  0,
  (source) => {
    const tasks = document.getElementById("tasks");
    if (tasks !== null) {
      Array.from(source.children).forEach((task) => tasks.append(task));
    }
    source.remove();
  },
);
