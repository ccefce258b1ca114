package io.jenkins.plugins.vcftoken.health;

import org.jvnet.localizer.Localizable;

/**
 * Something that an administrator should know, in the language of whoever reads it.
 *
 * @param kind which monitor tells it
 * @param about what of what, the same at each look and in each language
 * @param subject what it is about, for people
 * @param text what is wrong and what to do; in part a server's own words
 * @param page where to do it, from the root of this Jenkins
 */
public record HealthWarning(Kind kind, String about, Localizable subject, Localizable text, String page) {

    /** What one monitor tells. */
    public enum Kind {
        /** Builds fail, or will. */
        TROUBLE,
        /** A secret ends soon. */
        EXPIRY,
        /** Whoever answers gets the secret. */
        TRUST
    }

    /** Has nothing in it that an administrator may not see, and no secret. */
    public String key() {
        return kind + " " + about;
    }

    public String getSubject() {
        return subject.toString();
    }

    public String getText() {
        return text.toString();
    }

    public String getPage() {
        return page;
    }
}
