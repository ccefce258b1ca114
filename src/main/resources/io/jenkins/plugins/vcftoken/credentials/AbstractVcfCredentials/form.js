/* global Behaviour */

/* Jenkins validates all fields when a form opens. For new credentials, this shows results of changed fields only. */
Behaviour.specify(
  ".vcf-credentials-new",
  "vcf-credentials-new",
  -1,
  (marker) => {
    const form = marker.parentElement;
    form.querySelectorAll(".jenkins-form-item").forEach((item) => {
      item.classList.add("vcf-untouched");
    });
    form.addEventListener("change", (event) => {
      const item = event.target.closest(".vcf-untouched");
      if (item) {
        item.classList.remove("vcf-untouched");
      }
    });
  },
);
