package io.jenkins.plugins.vcftoken.health;

import edu.umd.cs.findbugs.annotations.CheckForNull;

/** One line: {@code event key="value" …}. Whatever a value contains, it stays one line and one value. */
final class AuditLogLine {

    /** Servers may say a lot when they refuse. */
    private static final int LONGEST_VALUE = 500;

    private final StringBuilder line;

    AuditLogLine(String event) {
        line = new StringBuilder(event);
    }

    /** @param value null for an empty one, so that each event's lines have the same keys */
    AuditLogLine add(String key, @CheckForNull Object value) {
        line.append(' ').append(key).append("=\"");
        String text = value == null ? "" : value.toString();
        text.codePoints().limit(LONGEST_VALUE).forEach(this::append);
        line.append(text.codePointCount(0, text.length()) > LONGEST_VALUE ? "…\"" : "\"");
        return this;
    }

    private void append(int character) {
        if (character == '"' || character == '\\') {
            line.append('\\').append((char) character);
        } else if (isHarmless(character)) {
            line.appendCodePoint(character);
        } else {
            line.append(String.format("\\u{%x}", character));
        }
    }

    /** No line ends, no control sequences of terminals, nothing invisible, nothing that turns the direction of text. */
    private static boolean isHarmless(int character) {
        return switch (Character.getType(character)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED -> false;
            default -> true;
        };
    }

    @Override
    public String toString() {
        return line.toString();
    }
}
