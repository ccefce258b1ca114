package io.jenkins.plugins.vcftoken.interop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The shell scripts of a sample Jenkinsfile, as Groovy hands them over. */
final class Sample {

    private static final Path SAMPLES = Path.of("docs/examples");

    private static final Pattern SH = Pattern.compile("\\bsh (?:'''(.*?)'''|'([^']+)')", Pattern.DOTALL);

    private Sample() {}

    static List<String> scripts(String name) throws IOException {
        Matcher scripts = SH.matcher(Files.readString(file(name + ".Jenkinsfile")));
        return scripts.results()
                .map(result -> result.group(1) == null ? result.group(2) : result.group(1))
                // The only escape in these samples: the end of a line.
                .map(script -> script.replace("\\\n", ""))
                .toList();
    }

    static Path file(String name) {
        return SAMPLES.resolve(name).toAbsolutePath();
    }
}
