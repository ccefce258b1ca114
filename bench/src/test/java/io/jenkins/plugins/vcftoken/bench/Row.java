package io.jenkins.plugins.vcftoken.bench;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.util.Locale;

/**
 * Row of the result table.
 *
 * @param what description of the measurement, equal for all sizes
 * @param unit unit of the measured values
 * @param target text of the target; empty if there is none
 * @param met whether the target was reached; null if there is none
 */
record Row(
        String what,
        double size,
        String sizeUnit,
        String unit,
        Samples measured,
        String baselineName,
        @CheckForNull Samples baseline,
        String target,
        @CheckForNull Boolean met) {

    Row(String what, double size, String sizeUnit, String unit, Samples measured) {
        this(what, size, sizeUnit, unit, measured, "", null, "", null);
    }

    Row comparedTo(String name, Samples samples) {
        return new Row(what, size, sizeUnit, unit, measured, name, samples, target, met);
    }

    Row ratioAtMost(double most) {
        return withTarget("≤ " + most + " ×", ratio() <= most);
    }

    Row withTarget(String target, boolean reached) {
        return new Row(what, size, sizeUnit, unit, measured, baselineName, baseline, target, reached);
    }

    double ratio() {
        Samples other = baseline;
        return other == null ? Double.NaN : measured.median() / other.median();
    }

    String markdown(String growth) {
        Samples other = baseline;
        return String.join(
                " | ",
                "| " + what,
                number(size) + ' ' + sizeUnit,
                number(measured.median()) + ' ' + unit,
                number(measured.min()),
                number(measured.max()),
                other == null ? "" : baselineName + ": " + number(other.median()),
                other == null ? "" : String.format(Locale.ROOT, "%.2f", ratio()),
                target,
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
