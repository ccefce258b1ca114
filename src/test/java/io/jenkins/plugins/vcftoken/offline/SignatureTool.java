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

/** Writes the signatures of all that the sources use of Jenkins; started by {@code bin/signatures}. */
public final class SignatureTool {

    private SignatureTool() {}

    /** @param args the file to write, where generated sources are, and the sources; the class path is that of this JVM */
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
            DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
            JavacTask task = (JavacTask)
                    compiler.getTask(null, files, problems, options, null, files.getJavaFileObjectsFromPaths(sources));
            Iterable<? extends CompilationUnitTree> units = task.parse();
            task.analyze();
            refuse(problems.getDiagnostics());
            Signatures signatures = new Signatures(task.getElements(), task.getTypes());
            ApiUse use = new ApiUse(Trees.instance(task), task.getElements(), task.getTypes(), signatures::add);
            units.forEach(use::scan);
            signatures.complete();
            write(target, signatures, new SignatureWriter(task.getElements(), task.getTypes(), signatures));
        }
    }

    /** What a source uses that does not compile is anybody's guess. */
    private static void refuse(List<? extends Diagnostic<?>> problems) {
        List<? extends Diagnostic<?>> errors = problems.stream()
                .filter(tokenError -> tokenError.getKind() == Diagnostic.Kind.ERROR)
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
                        .topLevel()
                        .map(writer::section)
                        .collect(joining(
                                "\n", "// What the plugin uses of Jenkins, written by bin/signatures.\n\n", "")));
    }

    /** As {@code offline/plugin/pom.xml} has it. */
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
