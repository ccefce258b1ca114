package io.jenkins.plugins.vcftoken.offline;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Splits {@code offline/signatures/jenkins-api.txt} into source files, one for each section, which starts with a
 * package declaration. The offline build runs this class from source, so it only uses the JDK.
 */
public final class SignatureSources {

    static final String PACKAGE = "package ";

    /** Placeholder for method bodies in the text. */
    static final String NO_BODY = " {}\n";

    private static final String BODY = " { throw new UnsupportedOperationException(); }\n";

    private static final Pattern HEADER =
            Pattern.compile("^" + PACKAGE + "([\\w.]+);\\n(?:@.*\\n)*.*?\\b(?:class|interface|enum|@interface) (\\w+)");

    private SignatureSources() {}

    /** @param args text file, and output directory */
    public static void main(String[] args) throws IOException {
        write(Files.readString(Path.of(args[0])), Path.of(args[1]));
    }

    static List<Path> write(String text, Path directory) throws IOException {
        List<Path> files = new ArrayList<>();
        for (String section : text.split("(?m)^(?=" + PACKAGE + ")")) {
            Matcher header = HEADER.matcher(section);
            if (header.find()) {
                Path folder = directory.resolve(header.group(1).replace('.', '/'));
                Files.createDirectories(folder);
                // Members are indented, and types without members are not.
                String source = section.replaceAll("(?m)^( .*\\).*)" + Pattern.quote(NO_BODY), "$1" + BODY);
                files.add(Files.writeString(folder.resolve(header.group(2) + ".java"), source));
            }
        }
        return files;
    }
}
