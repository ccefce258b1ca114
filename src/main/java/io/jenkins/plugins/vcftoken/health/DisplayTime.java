package io.jenkins.plugins.vcftoken.health;

import java.io.Serial;
import java.io.Serializable;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.FormatStyle;
import org.jvnet.localizer.LocaleProvider;

/**
 * Point in time, formatted in the language of the request and the time zone of the controller. Serializable, because
 * {@code Localizable} converts non-serializable arguments to text immediately.
 */
public final class DisplayTime implements Serializable {

    @Serial
    private static final long serialVersionUID = 1;

    private final Instant time;

    DisplayTime(Instant time) {
        this.time = time;
    }

    /** ISO 8601 in UTC, for {@code datetime} attributes and tooltips. */
    public String getIso() {
        return time.toString();
    }

    /** For example "Nov 26, 2026, 7:47:41 PM UTC". */
    public String getText() {
        return toString();
    }

    @Override
    public String toString() {
        return DateTimeFormatter.ofLocalizedDateTime(FormatStyle.MEDIUM, FormatStyle.LONG)
                .withLocale(LocaleProvider.getLocale())
                .withZone(ZoneId.systemDefault())
                .format(time);
    }
}
