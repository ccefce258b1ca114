/* global Behaviour */

/* Jenkins checks all fields when a form opens. Of a new credential, only what was changed is shown. */
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
