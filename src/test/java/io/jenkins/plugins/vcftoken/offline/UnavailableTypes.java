package io.jenkins.plugins.vcftoken.offline;

import java.util.List;
import javax.lang.model.element.Element;
import javax.lang.model.element.ModuleElement;
import javax.lang.model.element.TypeElement;
import javax.lang.model.util.Elements;

/** Types that the offline build needs signatures of: neither in the JDK, nor on Maven Central, nor in this plugin. */
final class UnavailableTypes {

    private static final List<String> AVAILABLE_PACKAGES = List.of(
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

    UnavailableTypes(Elements elements) {
        this.elements = elements;
    }

    boolean contains(TypeElement type) {
        String name = type.getQualifiedName().toString();
        ModuleElement module = elements.getModuleOf(type); // null for symbols of the compiler, such as operators
        return !name.isEmpty()
                && module != null
                && module.isUnnamed()
                && AVAILABLE_PACKAGES.stream().noneMatch(name::startsWith);
    }

    static TypeElement enclosingType(Element element) {
        Element enclosing = element.getEnclosingElement();
        while (!(enclosing instanceof TypeElement type)) {
            enclosing = enclosing.getEnclosingElement();
        }
        return type;
    }
}
