package io.jenkins.plugins.vcftoken.offline;

import static java.util.stream.Collectors.joining;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Writes the signatures of all Jenkins classes and members that the sources use; started by {@code bin/signatures}. */
public final class SignatureTool {

    private SignatureTool() {}

    /**
     * @param args output file, directory of generated sources, and source directories; the class path is that of this
     *     JVM
     */
    public static void main(String[] args) throws IOException {
        Path target = Path.of(args[0]);
        List<String> options = List.of("-parameters", "-proc:none", "-implicit:none", "-sourcepath", args[1]);
        List<Path> sources = new ArrayList<>();
        for (String folder : List.of(args).subList(2, args.length)) {
            javaFiles(Path.of(folder)).stream()
                    .filter(file -> !needsJenkins(file.getFileName().toString()))
                    .forEach(sources::add);
        }
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            DiagnosticCollector<JavaFileObject> diagnostics = new DiagnosticCollector<>();
            JavacTask task = (JavacTask) compiler.getTask(
                    null, files, diagnostics, options, null, files.getJavaFileObjectsFromPaths(sources));
            Iterable<? extends CompilationUnitTree> units = task.parse();
            task.analyze();
            exitOnErrors(diagnostics.getDiagnostics());
            Signatures signatures = new Signatures(task.getElements(), task.getTypes());
            ApiUsageScanner use =
                    new ApiUsageScanner(Trees.instance(task), task.getElements(), task.getTypes(), signatures::add);
            units.forEach(use::scan);
            signatures.complete();
            write(target, signatures, new SignatureWriter(task.getElements(), task.getTypes(), signatures));
        }
    }

    private static void exitOnErrors(List<? extends Diagnostic<?>> diagnostics) {
        List<? extends Diagnostic<?>> errors = diagnostics.stream()
                .filter(diagnostic -> diagnostic.getKind() == Diagnostic.Kind.ERROR)
                .toList();
        if (!errors.isEmpty()) {
            errors.forEach(System.err::println);
            System.exit(1);
        }
    }

    private static void write(Path target, Signatures signatures, SignatureWriter writer) throws IOException {
        Files.writeString(
                target,
                signatures
                        .getTopLevelTypes()
                        .map(writer::section)
                        .collect(joining(
                                "\n", "// What the plugin uses of Jenkins, written by bin/signatures.\n\n", "")));
    }

    /** The same patterns as in {@code offline/plugin/pom.xml}. */
    private static boolean needsJenkins(String file) {
        return file.endsWith("JenkinsTest.java") || file.startsWith("Jenkins") || file.endsWith("Jmh.java");
    }

    static List<Path> javaFiles(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .sorted(Comparator.naturalOrder())
                    .toList();
        }
    }
}
