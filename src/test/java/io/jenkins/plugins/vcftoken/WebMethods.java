package io.jenkins.plugins.vcftoken;

import java.io.IOException;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.kohsuke.stapler.StaplerFallback;
import org.kohsuke.stapler.StaplerOverridable;
import org.kohsuke.stapler.StaplerProxy;

/**
 * Finds the methods and views of the plugin that Stapler exposes by URL, as {@code Owner.method} and {@code
 * Owner:view}.
 */
final class WebMethods {

    private static final Path CLASSES = Path.of("target/classes");
    private static final String PACKAGE = "io.jenkins.plugins.vcftoken";

    /** Views that are included in pages of Jenkins and cannot be requested separately. */
    private static final Set<String> INCLUDED_VIEWS = Set.of(
            "config",
            "credentials",
            "tls",
            "tokens",
            "global",
            "message",
            "footer",
            "summary",
            "badge",
            "box",
            "jumbotron");

    private WebMethods() {}

    /** @return the classes by name of the method or view */
    static SortedMap<String, Class<?>> find() throws Exception {
        SortedMap<String, Class<?>> found = new TreeMap<>();
        for (Path file : files(".class")) {
            String name = name(file, ".class");
            Class<?> type = Class.forName(name, false, WebMethods.class.getClassLoader());
            if (type.isInterface() || Modifier.isAbstract(type.getModifiers())) {
                continue;
            }
            for (Method method : type.getMethods()) {
                if (method.getDeclaringClass().getName().startsWith(PACKAGE) && isWebMethod(method)) {
                    found.put(owner(type) + '.' + method.getName(), type);
                }
            }
        }
        for (Path file : files(".jelly")) {
            String view = name(file, ".jelly");
            if (!view.startsWith(PACKAGE)) {
                continue; // src/main/resources/index.jelly
            }
            String simple = view.substring(view.lastIndexOf('.') + 1);
            try {
                Class<?> type = Class.forName(
                        view.substring(0, view.lastIndexOf('.')), false, WebMethods.class.getClassLoader());
                if (!INCLUDED_VIEWS.contains(simple)) {
                    found.put(owner(type) + ':' + simple, type);
                }
            } catch (ClassNotFoundException e) {
                // The directory of a tag library.
            }
        }
        return found;
    }

    private static boolean isWebMethod(Method method) {
        String name = method.getName();
        boolean isRouting = StaplerProxy.class.isAssignableFrom(method.getDeclaringClass()) && name.equals("getTarget")
                || StaplerFallback.class.isAssignableFrom(method.getDeclaringClass())
                        && name.equals("getStaplerFallback")
                || StaplerOverridable.class.isAssignableFrom(method.getDeclaringClass()) && name.equals("getOverrides")
                || name.equals("getDynamic");
        return !Modifier.isStatic(method.getModifiers())
                && (isRouting
                        || name.matches("(do|js)[A-Z].*")
                        || Arrays.stream(method.getAnnotations()).anyMatch(WebMethods::isStaplerAnnotation));
    }

    private static boolean isStaplerAnnotation(Annotation annotation) {
        Class<?> type = annotation.annotationType();
        return type.getName().startsWith("org.kohsuke.stapler.verb.")
                || Set.of(
                                "WebMethod",
                                "RequirePOST",
                                "JavaScriptMethod",
                                "LimitedTo",
                                "SubmittedForm",
                                "JsonOutputFilter")
                        .contains(type.getSimpleName());
    }

    /** For descriptors the enclosing class, since all have the same simple name. */
    private static String owner(Class<?> type) {
        Class<?> outer = type.getEnclosingClass();
        return outer != null && type.getSimpleName().equals("DescriptorImpl")
                ? outer.getSimpleName()
                : (outer == null ? "" : outer.getSimpleName() + '$') + type.getSimpleName();
    }

    private static String name(Path file, String end) {
        String path = CLASSES.relativize(file).toString().replace('/', '.');
        return path.substring(0, path.length() - end.length());
    }

    private static Iterable<Path> files(String end) throws IOException {
        try (Stream<Path> files = Files.walk(CLASSES)) {
            return files.filter(file -> file.toString().endsWith(end))
                    .sorted(Comparator.naturalOrder())
                    .toList();
        }
    }
}
