package io.jenkins.plugins.vcftoken.admin;

/**
 * Something that an administrator should know.
 *
 * @param text what is wrong and what to do; in part a server's own words
 * @param page where to do it, from the root of this Jenkins
 */
public record Finding(Kind kind, String text, String page) {

    /** What is dismissed together. */
    public enum Kind {
        /** Builds fail, or will. */
        TROUBLE,
        /** A secret ends soon. */
        EXPIRY,
        /** Whoever answers gets the secret. */
        TRUST
    }

    public String getText() {
        return text;
    }

    public String getPage() {
        return page;
    }
}
