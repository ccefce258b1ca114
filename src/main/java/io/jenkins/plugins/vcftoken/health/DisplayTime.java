package io.jenkins.plugins.vcftoken.health;

import java.io.Serial;
import java.io.Serializable;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.FormatStyle;
import org.jvnet.localizer.LocaleProvider;

/**
 * A moment as people read it: in the language of the request and the time zone of the controller. Serializable, because a
 * message converts other arguments to text at once.
 */
public final class DisplayTime implements Serializable {

    @Serial
    private static final long serialVersionUID = 1;

    private final Instant time;

    DisplayTime(Instant time) {
        this.time = time;
    }

    /** In ISO 8601 and UTC, for the attribute {@code datetime} and for tooltips. */
    public String getIso() {
        return time.toString();
    }

    /** With seconds and the name of the zone: "Nov 26, 2026, 7:47:41 PM UTC". */
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
