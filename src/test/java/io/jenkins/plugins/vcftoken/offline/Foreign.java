package io.jenkins.plugins.vcftoken.offline;

import java.util.List;
import javax.lang.model.element.Element;
import javax.lang.model.element.ModuleElement;
import javax.lang.model.element.TypeElement;
import javax.lang.model.util.Elements;

/** What the offline build needs signatures of: all that comes neither from the JDK, nor from Maven Central, nor from here. */
final class Foreign {

    private static final List<String> HAD_WITHOUT_SIGNATURES = List.of(
            "com.code_intelligence.",
            "com.fasterxml.jackson.",
            "com.networknt.",
            "com.tngtech.archunit.",
            "edu.umd.cs.findbugs.",
            "io.fabric8.",
            "io.jenkins.plugins.vcftoken.",
            "net.java.sezpoz.",
            "net.jqwik.",
            "okhttp3.",
            "okio.",
            "org.assertj.",
            "org.junit.",
            "org.jvnet.hudson.annotation_indexer.",
            "org.jvnet.localizer.");

    private final Elements elements;

    Foreign(Elements elements) {
        this.elements = elements;
    }

    boolean is(TypeElement type) {
        String name = type.getQualifiedName().toString();
        ModuleElement module = elements.getModuleOf(type); // none: the compiler's own, such as that of operators
        return !name.isEmpty()
                && module != null
                && module.isUnnamed()
                && HAD_WITHOUT_SIGNATURES.stream().noneMatch(name::startsWith);
    }

    static TypeElement enclosingType(Element element) {
        Element at = element.getEnclosingElement();
        while (!(at instanceof TypeElement type)) {
            at = at.getEnclosingElement();
        }
        return type;
    }
}
