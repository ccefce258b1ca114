package io.jenkins.plugins.vcftoken.demo;

import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Build console that masks secrets. */
final class MaskingConsole {

    private final PrintStream out;
    private final List<String> secrets = new CopyOnWriteArrayList<>();
    private final List<String> lines = new CopyOnWriteArrayList<>();

    MaskingConsole(PrintStream out) {
        this.out = out;
    }

    void mask(String secret) {
        secrets.add(secret);
    }

    void println(String line) {
        String masked = line;
        for (String secret : secrets) {
            masked = masked.replace(secret, "****");
        }
        lines.add(masked);
        out.println(masked);
    }

    boolean contains(String text) {
        return lines.stream().anyMatch(line -> line.contains(text));
    }

    boolean containsAnyOf(List<String> texts) {
        return texts.stream().anyMatch(this::contains);
    }
}
