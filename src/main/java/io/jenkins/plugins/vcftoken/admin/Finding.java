package io.jenkins.plugins.vcftoken.admin;

import org.jvnet.localizer.Localizable;

/**
 * Something that an administrator should know, in the language of whoever reads it.
 *
 * @param subject what it is about
 * @param text what is wrong and what to do; in part a server's own words
 * @param page where to do it, from the root of this Jenkins
 */
public record Finding(Kind kind, Localizable subject, Localizable text, String page) {

    /** What is dismissed together. */
    public enum Kind {
        /** Builds fail, or will. */
        TROUBLE,
        /** A secret ends soon. */
        EXPIRY,
        /** Whoever answers gets the secret. */
        TRUST
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
