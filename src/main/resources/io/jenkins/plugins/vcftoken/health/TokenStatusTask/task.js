/* global Behaviour */
Behaviour.specify(
  "#vcf-token-status-task",
  "vcf-token-status-task",
  0,
  (source) => {
    document.getElementById("tasks")?.append(...source.children);
    source.remove();
  },
);
