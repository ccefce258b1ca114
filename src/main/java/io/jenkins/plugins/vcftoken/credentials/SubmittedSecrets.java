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
 * What the browser posted, before Jenkins decrypts it. A stored secret travels encrypted to the form and back; what a
 * person types does not. Jenkins decrypts on its way into methods and constructors, text as well, so that only the request
 * itself tells the two apart.
 */
record SubmittedSecrets(StaplerRequest2 request) {

    /** @return null outside a request */
    @CheckForNull
    static SubmittedSecrets current() {
        StaplerRequest2 request = Stapler.getCurrentRequest2();
        return request == null ? null : new SubmittedSecrets(request);
    }

    /**
     * Whether a parameter came as it is stored. Jenkins decrypts those of text just as it does secrets, so that a user name
     * or an address would take a stored secret to wherever it is sent or shown.
     *
     * @param names of parameters that may
     */
    boolean isAnyAsStoredBut(Set<String> names) {
        return request.getParameterMap().entrySet().stream()
                .filter(parameter -> !names.contains(parameter.getKey()))
                .flatMap(parameter -> Arrays.stream(parameter.getValue()))
                .anyMatch(SubmittedSecrets::isCiphertext);
    }

    /**
     * Whether anything in the form that is being saved came as it is stored. Such forms arrive as JSON, in which a field may
     * stand at any depth, and that alone counts: the parameters beside it are bound to nothing.
     *
     * @return false where XML was posted instead, of which nothing is left to look at; true for a form that is none
     */
    boolean hasAnythingAsStored() {
        String type = request.getContentType();
        boolean isMultipart = type != null && type.startsWith("multipart/");
        if (!isMultipart && request.getParameter("json") == null) {
            return false;
        }
        try {
            return isAnyCiphertext(request.getSubmittedForm());
        } catch (ServletException | RuntimeException e) {
            return true;
        }
    }

    private static boolean isAnyCiphertext(@CheckForNull Object json) {
        if (json instanceof Map<?, ?> fields) {
            return fields.values().stream().anyMatch(SubmittedSecrets::isAnyCiphertext);
        }
        if (json instanceof Collection<?> elements) {
            return elements.stream().anyMatch(SubmittedSecrets::isAnyCiphertext);
        }
        return json instanceof String text && isCiphertext(text);
    }

    private static boolean isCiphertext(@CheckForNull String text) {
        return Secret.decrypt(text) != null;
    }
}
