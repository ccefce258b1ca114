package io.jenkins.plugins.vcftoken.bench;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.util.Locale;

/**
 * One line of the table.
 *
 * @param what the same for all sizes
 * @param unit of the figures
 * @param reach what it ought to be, in words; empty where nothing was set
 * @param met null where nothing was set
 */
record Row(
        String what,
        double size,
        String sizeUnit,
        String unit,
        Figures measured,
        String against,
        @CheckForNull Figures yardstick,
        String reach,
        @CheckForNull Boolean met) {

    Row(String what, double size, String sizeUnit, String unit, Figures measured) {
        this(what, size, sizeUnit, unit, measured, "", null, "", null);
    }

    Row against(String name, Figures figures) {
        return new Row(what, size, sizeUnit, unit, measured, name, figures, reach, met);
    }

    Row ratioAtMost(double most) {
        return reaches("≤ " + most + " ×", ratio() <= most);
    }

    Row reaches(String words, boolean reached) {
        return new Row(what, size, sizeUnit, unit, measured, against, yardstick, words, reached);
    }

    double ratio() {
        Figures other = yardstick;
        return other == null ? Double.NaN : measured.median() / other.median();
    }

    String markdown(String growth) {
        Figures other = yardstick;
        return String.join(
                " | ",
                "| " + what,
                number(size) + ' ' + sizeUnit,
                number(measured.median()) + ' ' + unit,
                number(measured.min()),
                number(measured.max()),
                other == null ? "" : against + ": " + number(other.median()),
                other == null ? "" : String.format(Locale.ROOT, "%.2f", ratio()),
                reach,
                met == null ? "" : met ? "yes" : "**no**",
                growth + " |");
    }

    static String number(double value) {
        double size = Math.abs(value);
        String format =
                size == Math.rint(size) || size >= 1000 ? "%,.0f" : size >= 100 ? "%.0f" : size >= 1 ? "%.2f" : "%.3f";
        return String.format(Locale.ROOT, format, value);
    }
}
