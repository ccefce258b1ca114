package io.jenkins.plugins.vcftoken.offline;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.util.JavacTask;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.Attributes;
import java.util.jar.Manifest;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.TypeElement;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the offline build believes of Jenkins and its plugins, held against the real ones. */
class SignaturesJenkinsTest {

    private static final Path SIGNATURES = Path.of("offline/signatures/jenkins-api.txt");

    @TempDir
    private Path directory;

    @Test
    void everySignatureExists() throws IOException {
        try (StandardJavaFileManager files =
                ToolProvider.getSystemJavaCompiler().getStandardFileManager(null, null, null)) {
            Iterable<? extends JavaFileObject> sources =
                    files.getJavaFileObjectsFromPaths(SignatureSources.write(Files.readString(SIGNATURES), directory));
            JavacTask claimed = task(files, sources);
            JavacTask real = task(files, List.of(new Nothing()));
            real.analyze();

            List<String> problems = new ArrayList<>();
            for (Element type : claimed.analyze()) {
                if (type instanceof TypeElement claim) {
                    compare(claim, claimed, real, problems);
                }
            }
            assertThat(problems).isEmpty();
        }
    }

    private static JavacTask task(StandardJavaFileManager files, Iterable<? extends JavaFileObject> sources) {
        return (JavacTask) ToolProvider.getSystemJavaCompiler()
                .getTask(null, files, tokenError -> {}, List.of("-parameters", "-proc:none"), null, sources);
    }

    private static void compare(TypeElement claim, JavacTask claimed, JavacTask real, List<String> problems) {
        TypeElement truth = real.getElements().getTypeElement(claim.getQualifiedName());
        if (truth == null) {
            problems.add("There is no " + claim.getQualifiedName());
            return;
        }
        Declarations claims = new Declarations(claimed.getElements());
        Declarations truths = new Declarations(real.getElements());
        if (!claims.of(claim).equals(truths.of(truth))) {
            problems.add(claim.getQualifiedName() + " is not\n  " + claims.of(claim) + "\nbut\n  " + truths.of(truth));
        }
        List<String> trueMembers =
                truth.getEnclosedElements().stream().map(truths::of).toList();
        for (Element member : claim.getEnclosedElements()) {
            if (member instanceof TypeElement nested) {
                compare(nested, claimed, real, problems);
            } else if (!isOfEveryEnum(member) && !trueMembers.contains(claims.of(member))) {
                problems.add(claim.getQualifiedName() + " has no\n  " + claims.of(member));
            }
        }
    }

    /** These are in no source, and the names of their parameters are the compiler's. */
    private static boolean isOfEveryEnum(Element member) {
        return member.getEnclosingElement().getKind() == ElementKind.ENUM
                && (member.getKind() == ElementKind.CONSTRUCTOR
                        || member.getSimpleName().contentEquals("valueOf")
                        || member.getSimpleName().contentEquals("values"));
    }

    @Test
    void pluginDependenciesAreThoseOfTheBom() throws Exception {
        Map<String, String> claimed = new Pom("offline/pom.xml")
                .properties().entrySet().stream()
                        .filter(property -> property.getKey().startsWith("plugin."))
                        .collect(toMap(
                                property -> property.getKey().substring("plugin.".length()), Map.Entry::getValue));
        Map<String, String> real = new TreeMap<>();
        for (URL manifest : Collections.list(getClass().getClassLoader().getResources("META-INF/MANIFEST.MF"))) {
            try (InputStream in = manifest.openStream()) {
                Attributes attributes = new Manifest(in).getMainAttributes();
                String plugin = attributes.getValue("Short-Name");
                if (plugin != null && claimed.containsKey(plugin)) {
                    real.put(plugin, attributes.getValue("Plugin-Version").split(" ")[0]);
                }
            }
        }
        assertThat(claimed).isEqualTo(real);
    }

    /** A compiler without any source has no eyes. */
    private static final class Nothing extends SimpleJavaFileObject {

        Nothing() {
            super(URI.create("string:///Nothing.java"), Kind.SOURCE);
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return "class Nothing {}";
        }
    }
}
