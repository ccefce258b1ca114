package io.jenkins.plugins.vcftoken.credentials;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.util.Secret;
import jakarta.servlet.ServletException;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import org.kohsuke.stapler.Stapler;
import org.kohsuke.stapler.StaplerRequest2;

/**
 * Detects stored secrets in a submitted form. Forms receive and submit a stored secret encrypted, but an entered value
 * in plain text. Stapler decrypts the parameters of methods and constructors, including those of type String, so only
 * the request shows the difference.
 */
record EncryptedFormFieldDetector(StaplerRequest2 request) {

    /** @return null outside a request */
    @CheckForNull
    static EncryptedFormFieldDetector current() {
        StaplerRequest2 request = Stapler.getCurrentRequest2();
        return request == null ? null : new EncryptedFormFieldDetector(request);
    }

    /**
     * Whether a parameter is encrypted. An encrypted value in a user name or URL could send a stored secret to a
     * server, or show it on the page.
     *
     * @param exceptions names of parameters that may be encrypted
     */
    boolean hasEncryptedParameter(Set<String> exceptions) {
        return request.getParameterMap().entrySet().stream()
                .filter(parameter -> !exceptions.contains(parameter.getKey()))
                .flatMap(parameter -> Arrays.stream(parameter.getValue()))
                .anyMatch(EncryptedFormFieldDetector::isEncrypted);
    }

    /**
     * Whether any field of the submitted form is encrypted, at any depth of its JSON. Stapler binds only this JSON.
     *
     * @return false for a request without a form, such as posted XML; true for a malformed form
     */
    boolean hasEncryptedField() {
        String type = request.getContentType();
        boolean isMultipart = type != null && type.startsWith("multipart/");
        if (!isMultipart && request.getParameter("json") == null) {
            return false;
        }
        try {
            return isEncrypted(request.getSubmittedForm());
        } catch (ServletException | RuntimeException e) {
            return true;
        }
    }

    private static boolean isEncrypted(@CheckForNull Object json) {
        if (json instanceof Map<?, ?> fields) {
            return fields.values().stream().anyMatch(EncryptedFormFieldDetector::isEncrypted);
        }
        if (json instanceof Collection<?> elements) {
            return elements.stream().anyMatch(EncryptedFormFieldDetector::isEncrypted);
        }
        return json instanceof String text && Secret.decrypt(text) != null;
    }
}
