package io.jenkins.plugins.vcftoken.demo;

import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** What a build's console is: lines, without the secrets it was told of. */
final class Console {

    private final PrintStream out;
    private final List<String> secrets = new CopyOnWriteArrayList<>();
    private final List<String> lines = new CopyOnWriteArrayList<>();

    Console(PrintStream out) {
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

    boolean has(String text) {
        return lines.stream().anyMatch(line -> line.contains(text));
    }

    boolean hasAnyOf(List<String> texts) {
        return texts.stream().anyMatch(this::has);
    }
}
